import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalizeServerUrl } from './serverUrl.ts';

test('normalizes a server address', () => {
  const cases: [string, string][] = [
    ['https://videos.example.com', 'https://videos.example.com'],
    ['  https://videos.example.com/  ', 'https://videos.example.com'],
    ['HTTPS://Videos.Example.com:8443//', 'https://videos.example.com:8443'],
    ['https://example.com/api/v1/', 'https://example.com'],
    ['https://example.com/reelmill/api/v1', 'https://example.com/reelmill'],
    ['https://example.com/?from=mail#top', 'https://example.com'],
    ['http:/example.com', 'http://example.com'],
  ];
  for (const [typed, kept] of cases) assert.equal(normalizeServerUrl(typed), kept, typed);
});

test('adds http for local hosts and https for all others', () => {
  const cases: [string, string][] = [
    ['videos.example.com', 'https://videos.example.com'],
    ['example.com:8080/api/v1', 'https://example.com:8080'],
    ['localhost:8080', 'http://localhost:8080'],
    ['nas:8080', 'http://nas:8080'],
    ['studio.local', 'http://studio.local'],
    ['127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['192.168.1.20', 'http://192.168.1.20'],
    ['172.20.0.3', 'http://172.20.0.3'],
    ['172.32.0.3', 'https://172.32.0.3'],
    ['100.10.1.1', 'https://100.10.1.1'],
    ['[::1]:8080', 'http://[::1]:8080'],
    ['[fd12::7]', 'http://[fd12::7]'],
    ['[2001:db8::7]', 'https://[2001:db8::7]'],
  ];
  for (const [typed, kept] of cases) assert.equal(normalizeServerUrl(typed), kept, typed);
});

test('rejects invalid server addresses', () => {
  const texts = [
    '',
    '   ',
    'ftp://example.com',
    'file:///etc/passwd',
    'https://',
    'two words',
    'C:\\videos',
    'https://me:secret@example.com',
    'me@example.com',
    'javascript://example.com',
  ];
  for (const text of texts) {
    assert.throws(() => normalizeServerUrl(text), { code: 'validation_failed' }, text);
  }
});
