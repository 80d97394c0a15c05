import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentSecurityPolicy } from './contentSecurityPolicy.ts';

function directive(policy: string, name: string): string[] {
  const found = policy.split('; ').filter((one) => one.startsWith(`${name} `));
  assert.equal(found.length, 1, `${name} stands once in: ${policy}`);
  return found.flatMap((one) => one.split(' ').slice(1));
}

test('the page can only load its own files without a server', () => {
  const policy = contentSecurityPolicy('abc', []);
  assert.deepEqual(directive(policy, 'default-src'), ["'none'"]);
  assert.deepEqual(directive(policy, 'script-src'), ["'self'"]);
  assert.deepEqual(directive(policy, 'style-src'), ["'self'", "'nonce-abc'"]);
  assert.deepEqual(directive(policy, 'connect-src'), ["'self'"]);
  assert.ok(!policy.includes('unsafe'));
});

test("allows media from exactly the server's origins", () => {
  const policy = contentSecurityPolicy('abc', ['https://api.example', 'http://127.0.0.1:9000']);
  for (const name of ['connect-src', 'img-src']) {
    const http = directive(policy, name).filter((source) => source.startsWith('http'));
    assert.deepEqual(http, ['https://api.example', 'http://127.0.0.1:9000']);
  }
  assert.deepEqual(directive(policy, 'script-src'), ["'self'"]);
});

test('keeps anything but origins out of the policy', () => {
  const odd = [
    'https://a.example; script-src *',
    'https://a.example/path',
    'https:',
    '*',
    'file:///etc',
    "'unsafe-inline'",
  ];
  assert.equal(contentSecurityPolicy('abc', odd), contentSecurityPolicy('abc', []));
});
