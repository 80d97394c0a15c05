import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import express from 'express';
import { stripBasePath } from './basePath.ts';

/** [PUBLIC_URL, requested path, path that the routes receive] */
const CASES = [
  ['https://video.example', '/api/v1/videos', '/api/v1/videos'],
  ['https://example.org/farm/', '/farm/api/v1/videos?page=2', '/api/v1/videos?page=2'],
  ['https://example.org/farm', '/api/v1/videos', '/api/v1/videos'],
  ['https://example.org/farm', '/farmhouse/api/v1/videos', '/farmhouse/api/v1/videos'],
  ['https://example.org/farm', '/farm/metrics', '/farm/metrics'],
  ['https://example.org/farm', '/farm/METRICS', '/farm/METRICS'],
  // the path of PUBLIC_URL is a prefix of the API's path
  ['https://example.org/api', '/api/v1/videos', '/api/v1/videos'],
  ['https://example.org/api', '/api/api/v1/videos', '/api/v1/videos'],
  ['https://example.org/api', '/api/docs', '/docs'],
  ['https://example.org/api/v1', '/api/v1/api/v1/videos', '/api/v1/videos'],
  ['https://example.org/api/v1', '/api/v1/videos', '/api/v1/videos'],
] as const;

test('requests reach the same route with the path of PUBLIC_URL and without it', async (t) => {
  for (const [publicUrl, requested, seen] of CASES) {
    const app = express()
      .use(stripBasePath(publicUrl))
      .use((request, response) => void response.end(request.url));
    const server = app.listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const response = await fetch(`http://127.0.0.1:${port}${requested}`);
    assert.equal(await response.text(), seen, `${requested} below ${publicUrl}`);
  }
});
