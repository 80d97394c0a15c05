import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { servePageRequest } from './pageRequests.ts';

let root: string;
let folder: string;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'reelmill-page-'));
  folder = join(root, 'renderer');
  await mkdir(join(folder, 'assets'), { recursive: true });
  await writeFile(
    join(folder, 'index.html'),
    '<meta nonce="__NONCE__"><script src="./assets/index.js"></script>',
  );
  await writeFile(join(folder, 'assets', 'index.js'), 'export {};');
  await writeFile(join(folder, 'key.pem'), 'of no type that a page has');
  await writeFile(join(root, 'secret.js'), 'beside the folder');
  await writeFile(join(root, 'renderer-old.js'), 'beside the folder as well');
});

after(() => rm(root, { recursive: true, force: true }));

function get(path: string, method = 'GET'): Promise<Response> {
  const source = { folder, mediaOrigins: () => ['https://media.example'] };
  return servePageRequest({ url: `app://reelmill${path}`, method }, source);
}

test('uses a new nonce for each load, in the page and in its policy', async () => {
  const nonces = new Set<string>();
  for (let load = 0; load < 2; load += 1) {
    const response = await get('/index.html');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    const nonce = /nonce="([^"]+)"/.exec(await response.text())?.[1];
    assert.ok(nonce !== undefined && nonce.length >= 16 && nonce !== '__NONCE__');
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.ok(policy.includes(`'nonce-${nonce}'`));
    assert.ok(policy.includes('https://media.example'));
    nonces.add(nonce);
  }
  assert.equal(nonces.size, 2);
});

test('serves files with their type and without sniffing', async () => {
  const response = await get('/assets/index.js?v=1');
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/javascript; charset=utf-8');
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(await response.text(), 'export {};');
});

test('nothing outside the folder is served', async () => {
  const attempts = [
    '/../secret.js',
    '/%2e%2e/secret.js',
    '/..%2fsecret.js',
    '/assets/..%2f..%2fsecret.js',
    '/..%2frenderer-old.js',
    '/%2fetc/passwd',
    '/index.html%00.js',
    '/%zz.js',
    '/',
    '/assets',
    '/key.pem',
    '/missing.js',
  ];
  for (const path of attempts) assert.equal((await get(path)).status, 404, path);
});

test('rejects other hosts and methods', async () => {
  const source = { folder, mediaOrigins: () => [] };
  const other = await servePageRequest({ url: 'app://other/index.html', method: 'GET' }, source);
  assert.equal(other.status, 404);
  assert.equal((await get('/index.html', 'POST')).status, 405);
});
