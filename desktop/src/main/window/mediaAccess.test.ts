import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowReading, isAtOrigin } from './mediaAccess.ts';

const ORIGINS = ['https://media.example', 'http://127.0.0.1:9000'];

test('matches URLs at an origin only, not similar ones', () => {
  assert.ok(isAtOrigin('https://media.example/a/b.m4s?sig=1', ORIGINS));
  assert.ok(isAtOrigin('http://127.0.0.1:9000/x', ORIGINS));
  const others = [
    'http://media.example/',
    'https://media.example:444/',
    'https://media.example.evil/',
    'https://media.example@evil/',
    'http://127.0.0.1/',
    'nonsense',
  ];
  for (const url of others) assert.ok(!isAtOrigin(url, ORIGINS), url);
});

test("lets the app's page read and show a response, and replaces the headers for other pages", () => {
  const before = {
    'Content-Type': ['video/mp4'],
    'Access-Control-Allow-Origin': ['https://other'],
    'Cross-Origin-Resource-Policy': ['same-origin'],
  };
  assert.deepEqual(allowReading(before, 'app://reelmill'), {
    'Content-Type': ['video/mp4'],
    'access-control-allow-origin': ['app://reelmill'],
    'cross-origin-resource-policy': ['cross-origin'],
  });
});
