import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReelmillError } from './errors.ts';
import { createLogger } from './logger.ts';
import type { TracingConfig } from './spans.ts';
import { currentTraceContext, startTracing, tracing } from './tracing.ts';

const service = { name: 'test', version: '0', logger: createLogger({ level: 'silent', name: 'test' }) };
const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** What a message carries that is sent within a span, under this sampler. Nothing is sent anywhere: none is kept. */
async function carriedUnder(config: Partial<TracingConfig>, parent?: string): Promise<string | undefined> {
  const traces = await startTracing(
    {
      OTEL_SDK_DISABLED: false,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_TRACES_SAMPLER: 'always_off',
      OTEL_TRACES_SAMPLER_ARG: 1,
      ...config,
    },
    service,
  );
  try {
    return await tracing.span('work', { parent }, async () => currentTraceContext().traceparent);
  } finally {
    await traces.stop();
  }
}

test('without an endpoint a span is its work, and messages carry nothing', async () => {
  assert.equal(await carriedUnder({ OTEL_EXPORTER_OTLP_ENDPOINT: undefined }, PARENT), undefined);
  const error = new ReelmillError('not_found', 'No.');
  const failing = tracing.span('work', {}, async () => {
    throw error;
  });
  await assert.rejects(failing, error);
});

test('a message continues the trace of what caused it, with its sampling flag', async () => {
  assert.match(
    (await carriedUnder({}, PARENT)) ?? '',
    /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/,
  );
  assert.notEqual(await carriedUnder({}, PARENT), PARENT.replace(/01$/, '00'), 'from a span of its own');
  assert.match((await carriedUnder({})) ?? '', /^00-(?!0af7)[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

test('a sampler by ratio keeps no new trace at 0, and what the parent keeps where it asks the parent', async () => {
  const none = { OTEL_TRACES_SAMPLER_ARG: 0 };
  const byRatio = { ...none, OTEL_TRACES_SAMPLER: 'traceidratio' };
  assert.match((await carriedUnder(byRatio)) ?? '', /-00$/);
  assert.match((await carriedUnder(byRatio, PARENT)) ?? '', /-00$/);
  const byParent = { ...none, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' };
  assert.match((await carriedUnder(byParent)) ?? '', /-00$/);
  assert.match((await carriedUnder(byParent, PARENT.replace(/01$/, '00'))) ?? '', /-00$/);
});

test('after it has stopped nothing is carried any more', async () => {
  await carriedUnder({});
  assert.equal(await tracing.span('work', {}, async () => tracing.traceparent()), null);
});
