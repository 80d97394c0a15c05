import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createStartingApp } from './startingApp.ts';

test('responds with 503 while it waits, and logs no errors for these requests', async (t) => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', name: 'server' }, { write: (line) => lines.push(line) });
  const config = readServerConfig({});
  const publicUrl = 'http://127.0.0.1:8080';
  const context = { config, logger, metrics: createMetrics('1.0.0'), publicUrl, version: '1.0.0' };
  const server = createServer(createStartingApp(context, new Set(['database'])));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const request = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${address.port}${path}`, init);
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      body: await response.text(),
    };
  };
  assert.equal((await request('/healthz')).status, 200);
  for (const init of [{}, { method: 'POST', body: '{}' }, { method: 'PUT', body: 'x'.repeat(100_000) }]) {
    const { status, retryAfter, body } = await request('/api/v1/videos', init);
    assert.deepEqual([status, retryAfter], [503, '5']);
    assert.match(body, /"unavailable"/);
  }
  assert.equal(lines.length, 3);
  for (const line of lines) assert.equal(JSON.parse(line).level, 'info', line);
});
