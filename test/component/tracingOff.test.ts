import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Loads server and worker as their processes do, begins tracing, and tells which modules of OpenTelemetry came along. */
const SCRIPT = `
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({
    load(url, context, next) {
      // the Prometheus client brings the bare API along, for its exemplars
      if (/@opentelemetry\\/(?!api\\/)/.test(url)) loaded.push(url);
      return next(url, context);
    },
  });
  await import('./server/src/app/server.ts');
  await import('./worker/src/worker.ts');
  const { readWorkerConfig } = await import('./shared/src/runtime/config.ts');
  const { createLogger } = await import('./shared/src/runtime/logger.ts');
  const { startTracing, currentTraceContext } = await import('./shared/src/runtime/tracing.ts');
  const service = { name: 'test', version: '0', logger: createLogger({ level: 'silent', name: 'test' }) };
  const traces = await startTracing(readWorkerConfig(process.env), service);
  await traces.stop();
  console.log(JSON.stringify({ loaded: loaded.length, carried: currentTraceContext() }));
`;

async function load(env: Record<string, string>): Promise<{ loaded: number; carried: object }> {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...env },
    timeout: 60_000,
  });
  return JSON.parse(stdout);
}

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };

test('nothing of OpenTelemetry is loaded unless traces have somewhere to go', async () => {
  assert.deepEqual(await load({}), { loaded: 0, carried: {} });
  assert.deepEqual(await load({ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }), { loaded: 0, carried: {} });
  assert.ok((await load(ENDPOINT)).loaded > 10);
});
