import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { z } from 'zod';
import type { TaskRow } from '../../server/src/db/rows.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { type Distributed, openDistributed } from '../support/distributed.ts';
import { type RunningProcess, waitFor } from '../support/processes.ts';
import { sampleFile } from '../support/samples.ts';
import { type CollectedSpan, startTraceCollector, type TraceCollector } from '../support/traceCollector.ts';
import { beginSingle, put } from '../support/uploads.ts';

const REQUEST_ID = 'the-film-of-ann';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const CLIENT_SPAN = 'b7ad6b7169203331';
const TIMEOUT = { timeoutMs: 120_000, pollMs: 200 };

const lineSchema = z.looseObject({ msg: z.string(), name: z.string() });
type Line = z.infer<typeof lineSchema>;

describe('one request can be followed from the API through the queue to ffmpeg', { timeout: 300_000 }, () => {
  let collector: TraceCollector;
  let farm: Distributed;
  let user: ApiUser;
  let videoId: number;
  let tasks: TaskRow[];
  const serverLines: Line[] = [];
  const workerLines: Line[] = [];

  before(async () => {
    collector = await startTraceCollector();
    farm = await openDistributed({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
    const server = await farm.startServer();
    keepLines(server.process, serverLines);
    keepLines(await farm.startWorker('the-worker'), workerLines);
    user = await (await DocumentedApi.of(server.url)).signUp('ann');
    const begun = await beginSingle(user);
    videoId = begun.videoId;
    assert.equal(await put(begun.url, new Uint8Array(await readFile(await sampleFile('h264-aac')))), 200);
    const completed = await user.call('POST', '/videos/upload/complete', {
      body: { video_id: videoId },
      headers: { 'X-Request-Id': REQUEST_ID, traceparent: `00-${TRACE_ID}-${CLIENT_SPAN}-01` },
    });
    assert.deepEqual([completed.status, completed.headers.get('x-request-id')], [202, REQUEST_ID]);
    await waitFor(
      'the video to be online',
      async () => {
        const { video } = (await user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);
        assert.equal(video.error, null);
        return video.status === 'online';
      },
      TIMEOUT,
    );
    tasks = await farm.tasksOf(videoId);
  });
  after(async () => {
    await farm?.dispose();
    await collector?.close();
  });

  const about = (lines: readonly Line[], message: string): Line[] =>
    lines.filter(({ msg, request_id, video_id }) => {
      return msg === message && request_id === REQUEST_ID && (message === 'request' || video_id === videoId);
    });
  const taskIdsOf = (lines: readonly Line[]): unknown[] =>
    [...new Set(lines.map(({ task_id }) => task_id))].sort((a, b) => Number(a) - Number(b));

  test('every task has the id, and so has every line of the logs about it', async () => {
    assert.ok(tasks.length >= 4 && tasks.every(({ requestId }) => requestId === REQUEST_ID));
    const ids = tasks.map(({ id }) => id).sort((a, b) => a - b);
    assert.equal(about(serverLines, 'request').length, 1);
    assert.equal(about(serverLines, 'upload complete').length, 1);
    await waitFor('the last line', async () => about(serverLines, 'video online').length === 1, TIMEOUT);
    assert.deepEqual(taskIdsOf(about(serverLines, 'task queued')), ids);
    assert.deepEqual(taskIdsOf(about(serverLines, 'task done')), ids);
    for (const message of ['task started', 'program ended', 'task ended']) {
      assert.deepEqual(taskIdsOf(about(workerLines, message)), ids, message);
    }
  });

  test('the runs of ffmpeg are told with their arguments, which name the reader of the worker and no signed URL', () => {
    const runs = about(workerLines, 'program ended');
    assert.deepEqual([...new Set(runs.map(({ program }) => program))].sort(), ['ffmpeg', 'ffprobe']);
    for (const run of runs) {
      // a probe that has seen enough is ended, and so is the decoder of sound that goes on behind the picture
      if (run.code !== 'aborted') assert.equal(run.exit_code, 0);
      assert.equal(typeof run.duration_ms, 'number');
      assert.equal(run.worker_id, 'the-worker');
      assert.ok(Array.isArray(run.args));
      // a sample of what was made is decoded again, from the worker's own folder; sound is encoded from a pipe
      const input = /^(?:http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}$|concat:|pipe:0$|(?:cover|storyboard)\.jpg$)/;
      assert.ok(
        run.args.some((arg) => input.test(String(arg))),
        String(run.args),
      );
    }
    assert.doesNotMatch(JSON.stringify([...serverLines, ...workerLines]), /signature=|X-Amz-(?!.*\[cut\])/i);
  });

  test('the names of the ids are the same everywhere', () => {
    const names = new Set([...serverLines, ...workerLines].flatMap((line) => Object.keys(line)));
    assert.deepEqual(
      [...names].filter((name) => /[A-Z]/.test(name)),
      [],
    );
  });

  test('one trace goes from the client to ffmpeg and back', async () => {
    const ofTrace = (): CollectedSpan[] => collector.spans.filter(({ traceId }) => traceId === TRACE_ID);
    const named = (name: string): CollectedSpan[] => ofTrace().filter((span) => span.name === name);
    const expected = tasks.length + 1;
    await waitFor(
      'all results in the trace',
      async () => named('apply done').length === tasks.length && named('dispatch encode').length > 0,
      TIMEOUT,
    );
    assert.ok(ofTrace().length > expected);
    const byId = new Map(ofTrace().map((span) => [span.spanId, span]));
    const wayTo = (span: CollectedSpan | undefined): string[] =>
      span === undefined
        ? []
        : [...wayTo(byId.get(span.parentSpanId ?? '')), `${span.service}: ${span.name}`];
    const inspection = [
      'reelmill-server: POST /api/v1/videos/upload/complete',
      'reelmill-server: dispatch inspect',
      'reelmill-worker: task inspect',
    ];
    assert.deepEqual(wayTo(named('ffprobe')[0]), [...inspection, 'reelmill-worker: ffprobe']);
    const encode = named('ffmpeg').find((span) => wayTo(span).includes('reelmill-worker: task encode'));
    assert.deepEqual(wayTo(encode), [
      ...inspection,
      'reelmill-server: apply done',
      'reelmill-server: dispatch encode',
      'reelmill-worker: task encode',
      'reelmill-worker: ffmpeg',
    ]);
    const [root] = named('POST /api/v1/videos/upload/complete');
    assert.equal(root?.parentSpanId, CLIENT_SPAN);
    assert.equal(root?.attributes.request_id, REQUEST_ID);
    assert.equal(encode?.attributes['process.exit.code'], 0);
    assert.deepEqual(wayTo(await waitFor('the end', async () => named('publish')[0], TIMEOUT)).slice(-2), [
      'reelmill-server: apply done',
      'reelmill-server: publish',
    ]);
    const [task] = named('task encode');
    assert.deepEqual(
      [task?.attributes.video_id, task?.attributes.request_id, task?.attributes.outcome, task?.failed],
      [videoId, REQUEST_ID, 'done', false],
    );
  });

  test('what a client did wrong is no fault of the trace', async () => {
    const traceId = TRACE_ID.replace('0af7', '1af7');
    const headers = { traceparent: `00-${traceId}-${CLIENT_SPAN}-01` };
    assert.equal((await user.call('GET', '/videos/999999', { headers })).status, 404);
    const span = await waitFor(
      'the span',
      async () => collector.spans.find((one) => one.traceId === traceId),
      TIMEOUT,
    );
    assert.deepEqual([span?.attributes['error.type'], span?.failed], ['not_found', false]);
  });
});

function keepLines(process: RunningProcess, lines: Line[]): void {
  const { stderr } = process.child;
  assert.ok(stderr);
  createInterface({ input: stderr }).on('line', (text) => {
    const line = lineSchema.safeParse(JSON.parse(text));
    if (line.success) lines.push(line.data);
  });
}
