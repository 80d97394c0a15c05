import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { attemptTag, taskKeys } from '@reelmill/shared/core/objectKeys.ts';
import type { TaskRow, VideoRow } from '../../server/src/db/rows.ts';
import { claimTasks } from '../../server/src/dispatch/claimTasks.ts';
import { createPlaylistService } from '../../server/src/playback/playlistService.ts';
import { listUris } from '../../server/src/playback/playlistUris.ts';
import { applyEvent } from '../../server/src/results/eventConsumer.ts';
import { ProgressKeeper } from '../../server/src/results/progressKeeper.ts';
import { createPlaybackUrls } from '../../server/src/signing/playbackUrls.ts';
import { type BenchDatabase, type FarmBench, openFarmBench, signEvent } from '../support/farmBench.ts';
import { readCounters, sumOf } from '../support/readMetrics.ts';
import { factsOf, resultOf } from '../support/taskResults.ts';

const FACTS = factsOf({ durationSeconds: 40 });

for (const database of ['SQLite', 'MariaDB'] satisfies BenchDatabase[]) {
  suite(`segments that are listed while a video is transcoding, on ${database}`, () => {
    let bench: FarmBench;
    let progress: ProgressKeeper;
    before(async () => {
      bench = await openFarmBench(database);
      progress = new ProgressKeeper(bench.context);
    });
    after(() => bench.close());

    const apply = (event: Parameters<typeof applyEvent>[2]) => applyEvent(bench.context, progress, event);
    const put = (key: string, text: string) =>
      bench.media.store.put(key, Buffer.from(text), { contentType: 'video/mp4', sizeBytes: text.length });
    const lease = async ({ id }: Pick<TaskRow, 'id'>): Promise<TaskRow> => {
      await claimTasks(bench.context.database.models, [id]);
      return bench.context.database.models.Task.findByPk(id, { rejectOnEmpty: true });
    };

    /** One try of the sound's task: makes segments, which are in the store before it reports them. */
    class Try {
      readonly task: TaskRow;
      readonly tag: string;
      constructor(task: TaskRow) {
        this.task = task;
        this.tag = attemptTag({ taskId: task.id, leaseToken: task.leaseToken ?? '' });
      }
      async make(count: number): Promise<void> {
        const keys = taskKeys(this.task.videoId, this.task.planVersion, this.tag);
        await put(keys.init('audio'), `init of ${this.tag}`);
        for (let index = 0; index < count; index += 1) {
          await put(keys.segment('audio', index), `${index} of ${this.tag}`);
        }
        await apply(
          signEvent(this.task, { type: 'progress' as const, done: 1, segmentsDone: count, speed: 1 }),
        );
      }
      async fail(code: 'encoder_failed' | 'output_damaged'): Promise<Try> {
        await this.task.update({ attempt: 0 });
        const error = { code, message: code, retryable: true, diagnostics: null };
        await apply(signEvent(this.task, { type: 'failed' as const, error }));
        return new Try(await lease(this.task));
      }
    }

    const begin = async (): Promise<{ video: VideoRow; first: Try }> => {
      const video = await bench.addVideo();
      const [inspection] = await bench.tasksOf(video.id);
      assert.ok(inspection);
      const result = resultOf(inspection.spec, FACTS);
      await apply(signEvent(await lease(inspection), { type: 'done' as const, result, elapsedMs: 1 }));
      const audio = (await bench.tasksOf(video.id)).find(({ kind }) => kind === 'audio');
      assert.ok(audio);
      return { video: await bench.videoOf(video.id), first: new Try(await lease(audio)) };
    };

    /** What players get for the addresses of the list, in its order. */
    const play = async (video: VideoRow): Promise<string[]> => {
      const { store } = bench.media;
      const urls = createPlaybackUrls({
        publicUrl: 'https://videos.example.org',
        secret: 'secret',
        ttlSeconds: 600,
        legacyUnlistedDays: 0,
        store,
        now: () => Date.now(),
      });
      const service = createPlaylistService({ models: bench.context.database.models, store, urls });
      const { body } = await service.playlist(video, 'audio');
      return Promise.all(
        listUris(body).map(async (uri) => {
          const response = await fetch(uri);
          assert.equal(response.status, 200, uri);
          return response.text();
        }),
      );
    };
    const listOf = (init: Try, ...tries: Try[]) => [
      `init of ${init.tag}`,
      ...tries.map(({ tag }, index) => `${index} of ${tag}`),
    ];

    test('a further attempt takes the place of the one before when it has as much, and not earlier', async () => {
      const { video, first } = await begin();
      await first.make(3);
      assert.deepEqual(await play(video), listOf(first, first, first, first));
      const second = await first.fail('encoder_failed');
      assert.deepEqual(await play(video), listOf(first, first, first, first));
      await second.make(2);
      assert.deepEqual(await play(video), listOf(first, first, first, first));
      await second.make(3);
      assert.deepEqual(await play(video), listOf(second, second, second, second));
      const third = await second.fail('encoder_failed');
      await third.make(1);
      assert.deepEqual(await play(video), listOf(second, second, second, second));
      await third.make(4);
      assert.deepEqual(await play(video), listOf(third, third, third, third, third));
    });

    test('a damaged attempt is replaced segment by segment, which is counted; what can be watched stays', async () => {
      const replaced = async () =>
        sumOf(await readCounters(bench.context.metrics), 'reelmill_listed_segments_replaced_total') ?? 0;
      const before = await replaced();
      const { video, first } = await begin();
      await first.make(3);
      const second = await first.fail('output_damaged');
      assert.equal((await replaced()) - before, 3);
      assert.deepEqual(await play(video), listOf(first, first, first, first));
      await second.make(1);
      assert.deepEqual(await play(video), listOf(second, second, first, first));
      // the one that replaces it is damaged as well
      const third = await second.fail('output_damaged');
      assert.deepEqual(await play(video), listOf(first, first, first, first));
      await third.make(2);
      assert.deepEqual(await play(video), listOf(third, third, third, first));
      const fourth = await third.fail('encoder_failed');
      await fourth.make(1);
      assert.deepEqual(await play(video), listOf(third, third, third, first));
      await fourth.make(4);
      assert.deepEqual(await play(video), listOf(fourth, fourth, fourth, fourth, fourth));
    });

    test('a worker of an earlier version lists nothing; what it had listed before the upgrade stays', async () => {
      const { video, first } = await begin();
      const { id, videoId, planVersion } = first.task;
      const old = taskKeys(videoId, planVersion, null);
      await put(old.init('audio'), 'old init');
      await put(old.segment('audio', 0), 'old');
      const say = (segmentsDone: number) => {
        const event = { type: 'progress' as const, done: 1, segmentsDone, speed: 1 };
        const { tag: _, ...untagged } = { tag: '', ...signEvent(first.task, event) };
        return apply(untagged);
      };
      await say(5);
      await assert.rejects(play(video), { code: 'not_found' });
      await bench.context.database.models.Task.update({ segmentsDone: 1 }, { where: { id } });
      assert.deepEqual(await play(video), ['old init', 'old']);
      await say(5);
      assert.deepEqual(await play(video), ['old init', 'old']);
      await first.make(1);
      assert.deepEqual(await play(video), listOf(first, first));
    });
  });
}
