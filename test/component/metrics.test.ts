import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { claimTasks } from '../../server/src/dispatch/claimTasks.ts';
import { publishVideo } from '../../server/src/publish/publishVideo.ts';
import { applyEvent } from '../../server/src/results/eventConsumer.ts';
import { requeueExpiredLeases } from '../../server/src/results/leases.ts';
import { ProgressKeeper } from '../../server/src/results/progressKeeper.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { type FarmBench, openFarmBench, signEvent } from '../support/farmBench.ts';
import { PretendTranscode } from '../support/pretendTranscode.ts';
import { waitFor } from '../support/processes.ts';
import { parseMetrics, readCounters, type Sample, sumOf } from '../support/readMetrics.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { factsOf, resultOf } from '../support/taskResults.ts';
import { uploadSomething } from '../support/uploads.ts';

const TOKEN = 'a token for the scraper';

describe('metrics of a server', () => {
  let server: TestServer;
  let api: DocumentedApi;
  let user: ApiUser;
  before(async () => {
    server = await startTestServer();
    api = await DocumentedApi.of(server.url);
    user = await api.signUp('ann');
  });
  after(() => server.stop());

  const scrape = async (): Promise<Sample[]> => {
    const { status, text } = await api.call('GET', '//metrics');
    assert.equal(status, 200, text);
    return parseMetrics(text);
  };

  test('cover uploads, tasks, queue, disk, requests and background services', async () => {
    await uploadSomething(user);
    await waitFor(
      'the task to be in the queue',
      async () => sumOf(await scrape(), 'reelmill_queue_ready_messages') === 1,
    );
    const samples = await scrape();
    const expected: [string, Record<string, string>, number][] = [
      ['reelmill_uploads_total', {}, 1],
      ['reelmill_upload_bytes_total', {}, 3],
      ['reelmill_source_bytes', {}, 3],
      ['reelmill_open_uploads', {}, 0],
      ['reelmill_tasks', { state: 'queued' }, 1],
      ['reelmill_tasks', { state: 'failed' }, 0],
      ['reelmill_videos', { status: 'transcoding' }, 1],
      ['reelmill_workers', { state: 'idle' }, 0],
      ['reelmill_workers', { state: 'lost' }, 0],
      ['reelmill_queue_consumers', {}, 0],
      ['reelmill_dead_letters', {}, 0],
      ['reelmill_task_tries_total', { kind: 'encode', outcome: 'done' }, 0],
      ['reelmill_output_files_total', { outcome: 'damaged' }, 0],
      ['reelmill_dependency_up', { dependency: 'database' }, 1],
      ['reelmill_dependency_up', { dependency: 'queue' }, 1],
      ['reelmill_dependency_up', { dependency: 'store' }, 1],
      ['reelmill_build_info', { version: server.context.version }, 1],
      [
        'reelmill_http_request_duration_seconds_count',
        { method: 'POST', route: '/api/v1/videos/upload/complete', status: '202' },
        1,
      ],
      ['reelmill_service_interval_seconds', { service: 'sweeper' }, 2],
    ];
    for (const [name, labels, value] of expected) {
      assert.equal(sumOf(samples, name, labels), value, `${name} ${JSON.stringify(labels)}`);
    }
    assert.ok((sumOf(samples, 'reelmill_oldest_waiting_task_seconds') ?? -1) >= 0);
    const free = sumOf(samples, 'reelmill_disk_free_bytes') ?? 0;
    assert.ok(free > 0 && free <= (sumOf(samples, 'reelmill_disk_size_bytes') ?? 0));
    for (const service of [
      'dispatcher',
      'finalizer',
      'sweeper',
      'retention of stale_uploads',
      'token sweep',
    ]) {
      const last = sumOf(samples, 'reelmill_service_last_success_timestamp_seconds', { service }) ?? 0;
      assert.ok(Math.abs(Date.now() / 1000 - last) < 120, service);
    }
  });

  test('are for this machine only, and not for clients of its proxy', async () => {
    assert.equal((await api.call('GET', '//metrics')).status, 200);
    for (const header of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP']) {
      const response = await api.call('GET', '//metrics', { headers: { [header]: '203.0.113.9' } });
      assert.deepEqual([response.status, response.error.code], [403, 'forbidden'], header);
    }
  });

  test('require the token where one is configured', async () => {
    const guarded = await startTestServer({ env: { METRICS_TOKEN: TOKEN } });
    try {
      const guardedApi = await DocumentedApi.of(guarded.url);
      for (const token of [undefined, `${TOKEN}!`, user.token]) {
        const response = await guardedApi.call('GET', '//metrics', { token });
        assert.deepEqual([response.status, response.error.code], [401, 'unauthorized'], token);
      }
      const admitted = await guardedApi.call('GET', '//metrics', {
        token: TOKEN,
        headers: { 'X-Forwarded-For': '203.0.113.9' },
      });
      assert.equal(admitted.status, 200);
      assert.ok(!guarded.logLines().some((line) => line.includes(TOKEN)));
    } finally {
      await guarded.stop();
    }
  });

  test('have no label whose values depend on requests', async () => {
    for (const path of ['//watch/987654', '//nothing/987654', '//store/objects/987654', '//docs/987654']) {
      await api.call('GET', path, { undocumented: true });
    }
    await user.call('GET', '/videos/987654');
    const samples = await scrape();
    const names = new Set(
      samples.filter(({ name }) => name.startsWith('reelmill_')).flatMap(({ labels }) => Object.keys(labels)),
    );
    const known = [
      'code',
      'dependency',
      'kind',
      'le',
      'method',
      'outcome',
      'part',
      'quality',
      'reason',
      'route',
      'service',
    ];
    assert.deepEqual(
      [...names].filter((name) => ![...known, 'retention_job', 'state', 'status', 'version'].includes(name)),
      [],
    );
    const text = JSON.stringify(samples);
    assert.ok(!text.includes('987654'));
    assert.ok(!text.includes('film.mp4') && !text.includes('example.org'));
  });

  test('show which dependency is down, without its facts', async () => {
    const other = await startTestServer();
    try {
      await other.context.queue.close();
      const { text } = await (await DocumentedApi.of(other.url)).call('GET', '//metrics');
      const samples = parseMetrics(text);
      assert.equal(sumOf(samples, 'reelmill_dependency_up', { dependency: 'queue' }), 0);
      assert.equal(sumOf(samples, 'reelmill_dead_letters'), null);
      assert.equal(sumOf(samples, 'reelmill_tasks', { state: 'pending' }), 0);
    } finally {
      await other.stop();
    }
  });
});

describe('metrics of several servers', () => {
  let bench: FarmBench;
  before(async () => {
    bench = await openFarmBench();
  });
  after(() => bench.close());

  test('an event that reaches both counts once in their sum', async () => {
    const [one, two] = [bench.context, await bench.connect()];
    const video = await bench.addVideo();
    const [task] = await bench.tasksOf(video.id);
    assert.ok(task);
    await claimTasks(one.database.models, [task.id]);
    await task.reload();
    const facts = factsOf({ durationSeconds: 40 });
    const done = signEvent(task, {
      type: 'done' as const,
      result: resultOf(task.spec, facts, task.videoId),
      elapsedMs: 2500,
      verification: { verified: 30, decoded: 2, damaged: 0 },
    });
    for (const context of [one, two, one]) await applyEvent(context, new ProgressKeeper(context), done);
    const samples = await readCounters(one.metrics, two.metrics);
    assert.equal(sumOf(samples, 'reelmill_task_tries_total', { kind: 'inspect', outcome: 'done' }), 1);
    assert.equal(sumOf(samples, 'reelmill_task_duration_seconds_sum', { kind: 'inspect' }), 2.5);
    for (const [outcome, files] of [
      ['verified', 30],
      ['decoded', 2],
      ['damaged', 0],
    ] as const)
      assert.equal(sumOf(samples, 'reelmill_output_files_total', { outcome }), files);
  });

  test('durations, speed, failures and lost workers', async () => {
    const { context } = bench;
    const progress = new ProgressKeeper(context);
    const video = await bench.addVideo();
    const lease = async () => {
      const pending = (await bench.tasksOf(video.id)).filter(({ state }) => state === 'pending');
      const ids = pending.map(({ id }) => id);
      await claimTasks(context.database.models, ids);
      return (await bench.tasksOf(video.id)).filter(({ id }) => ids.includes(id));
    };
    const before = await readCounters(context.metrics);
    const increase = async (name: string, labels: Record<string, string>): Promise<number> =>
      (sumOf(await readCounters(context.metrics), name, labels) ?? 0) - (sumOf(before, name, labels) ?? 0);

    const facts = factsOf({ durationSeconds: 40 });
    const [inspection] = await lease();
    assert.ok(inspection);
    await applyEvent(context, progress, signEvent(inspection, { type: 'started' as const }));
    const inspected = { type: 'done' as const, result: resultOf(inspection.spec, facts), elapsedMs: 500 };
    await applyEvent(context, progress, signEvent(inspection, inspected));
    assert.equal(await increase('reelmill_task_wait_seconds_count', { kind: 'inspect' }), 1);

    const tasks = await lease();
    const [, chunk, other] = tasks.filter(({ kind }) => kind === 'encode');
    assert.ok(chunk?.spec.kind === 'encode' && other);
    const seconds = chunk.spec.chunk.frameCount / 30;
    const result = resultOf(chunk.spec, facts, chunk.videoId);
    const encoded = { type: 'done' as const, result, elapsedMs: (seconds / 2) * 1000 };
    await applyEvent(context, progress, signEvent(chunk, encoded));
    assert.equal(await increase('reelmill_encoded_video_seconds_total', {}), seconds);
    assert.equal(
      await increase('reelmill_encode_speed_ratio_sum', { quality: '720p' }),
      2,
      'twice real time',
    );

    await applyEvent(context, progress, signEvent(other, { type: 'started' as const }));
    const late = Date.now() + context.config.LEASE_SECONDS * 1000 + 1000;
    assert.equal(await requeueExpiredLeases(context, late), 1);
    assert.equal(await increase('reelmill_task_leases_expired_total', {}), 1);

    const fail = (code: 'encoder_failed' | 'undecodable', retryable: boolean) =>
      signEvent(other, {
        type: 'failed' as const,
        error: { code, message: 'no', retryable, diagnostics: null },
        verification: { verified: 3, decoded: 1, damaged: 1 },
      });
    await applyEvent(context, progress, fail('encoder_failed', true));
    assert.equal(await increase('reelmill_task_failures_total', { code: 'encoder_failed' }), 1);
    assert.equal(await increase('reelmill_task_tries_total', { kind: 'encode', outcome: 'retried' }), 1);
    assert.equal(await increase('reelmill_video_failures_total', {}), 0);
    assert.equal(await increase('reelmill_output_files_total', { outcome: 'damaged' }), 1);

    const sound = tasks.find(({ kind }) => kind === 'audio');
    assert.ok(sound);
    const error = { code: 'internal' as const, message: 'no', retryable: false, diagnostics: null };
    await applyEvent(context, progress, signEvent(sound, { type: 'failed' as const, error }));
    assert.equal(await increase('reelmill_task_tries_total', { kind: 'audio', outcome: 'given_up' }), 1);
    assert.equal(await increase('reelmill_video_failures_total', { code: 'internal' }), 1);
  });

  test('a video that goes online counts once, with its duration', async () => {
    const { context } = bench;
    const count = async () =>
      sumOf(await readCounters(context.metrics), 'reelmill_video_ready_seconds_count') ?? 0;
    const before = await count();
    const { id } = await bench.addVideo();
    const video = await (await PretendTranscode.plan(context, id)).publish();
    assert.equal(video.status, 'online');
    await publishVideo(context, video);
    assert.equal(await count(), before + 1);
  });
});
