import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readProxies } from './proxies.ts';

const proxyOf = (env: Record<string, string>, target: string): string | null =>
  readProxies(env).proxyFor(new URL(target))?.href ?? null;

test('uses the proxy of the scheme, or the one for all', () => {
  const env = {
    HTTP_PROXY: 'http://plain:3128',
    https_proxy: 'http://secure:3128',
    HTTPS_PROXY: 'http://not:1',
  };
  assert.equal(proxyOf(env, 'http://a.example'), 'http://plain:3128/');
  assert.equal(proxyOf(env, 'https://a.example'), 'http://secure:3128/');
  assert.equal(proxyOf({ HTTP_PROXY: 'http://plain:3128' }, 'https://a.example'), null);
  assert.equal(proxyOf({ ALL_PROXY: 'all:3128' }, 'https://a.example'), 'http://all:3128/');
  assert.equal(proxyOf({ HTTP_PROXY: '' }, 'http://a.example'), null);
  assert.equal(proxyOf({}, 'http://a.example'), null);
});

test('keeps user name and password of a proxy', () => {
  const proxy = readProxies({ HTTP_PROXY: 'http://ann:se%40cret@proxy:3128' }).proxyFor(
    new URL('http://a.example'),
  );
  assert.deepEqual([proxy?.username, proxy?.password], ['ann', 'se%40cret']);
});

test('reaches this machine and what NO_PROXY names directly', () => {
  const cases: [string, string, boolean][] = [
    ['', 'http://127.0.0.1:8080', true],
    ['', 'http://localhost', true],
    ['', 'http://[::1]:8080', true],
    ['', 'http://10.0.0.1', false],
    ['*', 'http://a.example', true],
    ['a.example', 'http://a.example', true],
    ['A.Example', 'http://a.example:8080', true],
    ['a.example', 'http://b.a.example', true],
    ['.a.example', 'http://a.example', true],
    ['*.a.example', 'http://b.a.example', true],
    ['a.example', 'http://ba.example', false],
    ['a.example:8080', 'http://a.example:8080', true],
    ['a.example:8080', 'http://a.example', false],
    ['a.example:443', 'http://a.example', false],
    ['a.example:80', 'http://a.example', true],
    ['10.0.0.1', 'http://10.0.0.1', true],
    ['10.0.0.1', 'http://10.0.0.11', false],
    ['10.0.0.0/8', 'http://10.20.30.40', true],
    ['10.0.0.0/8', 'http://11.0.0.1', false],
    ['10.0.0.0/8', 'http://a.example', false],
    ['fd00::/8', 'http://[fd12::1]', true],
    ['[fd12::1]:80', 'http://[fd12::1]', true],
    ['fd12::1', 'http://[fd12::1]', true],
    ['fd12::1', 'http://[fd12::2]', false],
    ['b.example, a.example', 'http://a.example', true],
  ];
  for (const [NO_PROXY, target, direct] of cases) {
    const env = { HTTP_PROXY: 'http://proxy:3128', NO_PROXY };
    assert.equal(proxyOf(env, target), direct ? null : 'http://proxy:3128/', `${NO_PROXY} ${target}`);
  }
});

test('rejects a proxy of another type without repeating its password', () => {
  for (const value of ['socks5://ann:secret@proxy:1080', 'ftp://ann:secret@proxy', 'http://ann:secret@:x']) {
    assert.throws(
      () => readProxies({ HTTPS_PROXY: value }),
      (error: Error) => /^HTTPS_PROXY must/.test(error.message) && !error.message.includes('secret'),
      value,
    );
  }
});
