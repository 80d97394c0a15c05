import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Request, Response } from 'express';
import { createRateLimits } from './rateLimits.ts';
import { runMiddleware } from './readJson.ts';

test('resets the counts when there are too many addresses', async () => {
  const stopping = new AbortController();
  const config = { API_CALLS_PER_SECOND: 1, SIGN_INS_PER_MINUTE: 0, REGISTRATIONS_PER_HOUR: 0 };
  const { api } = createRateLimits(config, stopping.signal, 100);
  // the limiter uses only these members of request and response
  const call = (ip: string) =>
    runMiddleware(api, { ip } as Request, { setHeader() {}, append() {} } as unknown as Response);
  const first = '198.51.100.1';
  for (let count = 0; count < 10; count += 1) await call(first);
  await assert.rejects(call(first), { code: 'rate_limited' });
  for (let index = 0; index < 98; index += 1) await call(`10.0.0.${index}`);
  await assert.rejects(call(first), { code: 'rate_limited' });
  for (let index = 98; index < 100; index += 1) await call(`10.0.0.${index}`);
  await call(first);
  stopping.abort();
});
