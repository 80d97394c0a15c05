import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { TaskMessage, TaskResult } from '@reelmill/shared/contracts/tasks.ts';
import type { Transaction } from 'sequelize';
import { serializeNotices } from '../../server/src/catalog/notices.ts';
import { findWaiting } from '../../server/src/catalog/waiting.ts';
import type { TaskRow, VideoRow } from '../../server/src/db/rows.ts';
import { claimTasks } from '../../server/src/dispatch/claimTasks.ts';
import { findWaitingTasks } from '../../server/src/farm/farmRepository.ts';
import { publishVideo } from '../../server/src/publish/publishVideo.ts';
import { applyEvent } from '../../server/src/results/eventConsumer.ts';
import { applyHeartbeat } from '../../server/src/results/liveness.ts';
import { ProgressKeeper } from '../../server/src/results/progressKeeper.ts';
import { restartTranscode, retryTranscode } from '../../server/src/transcode/lifecycle.ts';
import { reopenTask } from '../../server/src/transcode/tasks.ts';
import { type BenchDatabase, type FarmBench, openFarmBench, signEvent } from '../support/farmBench.ts';
import { factsOf, resultOf } from '../support/taskResults.ts';

const FACTS = factsOf({ durationSeconds: 8 });
const AUDIO_LEFT_OUT = { code: 'audio_left_out', reason: 'undecodable' } as const;

for (const database of ['SQLite', 'MariaDB'] satisfies BenchDatabase[]) {
  suite(`blame and waiting on ${database}`, () => {
    let bench: FarmBench;
    let progress: ProgressKeeper;

    before(async () => {
      bench = await openFarmBench(database);
      progress = new ProgressKeeper(bench.context);
    });
    after(() => bench.close());

    const apply = (event: Parameters<typeof applyEvent>[2]) => applyEvent(bench.context, progress, event);

    /** The one task of a kind that waits, leased, and the message that it goes with. */
    const lease = async (
      video: VideoRow,
      kind: TaskRow['kind'] = 'inspect',
    ): Promise<{ task: TaskRow; message: TaskMessage }> => {
      const waiting = (await bench.tasksOf(video.id)).filter(
        (task) => task.kind === kind && task.state === 'pending',
      );
      const [message] = await claimTasks(
        bench.context.database.models,
        waiting.slice(0, 1).map(({ id }) => id),
      );
      const [task] = waiting;
      assert.ok(task && message, `no ${kind} waits`);
      return { task: await task.reload(), message };
    };
    const finish = async (task: TaskRow, result: TaskResult, workerId = 'a') => {
      await apply(signEvent(task, { type: 'started' as const }, workerId));
      await apply(signEvent(task, { type: 'done' as const, result, elapsedMs: 1 }, workerId));
      return task.reload();
    };
    const fail = async (task: TaskRow, code: ErrorCode, workerId = 'a') => {
      const error = { code, message: `because of ${code}`, retryable: false, diagnostics: 'last lines' };
      await apply(signEvent(task, { type: 'started' as const }, workerId));
      await apply(signEvent(task, { type: 'failed' as const, error }, workerId));
      return task.reload();
    };
    const inspected = async (facts = FACTS): Promise<VideoRow> => {
      const video = await bench.addVideo();
      await finish((await lease(video)).task, { kind: 'inspect', facts });
      return bench.videoOf(video.id);
    };
    const withoutSound = { kind: 'audio', rendition: null } as const;
    const isAlive = async (...workerIds: string[]) => {
      await bench.context.database.models.Worker.destroy({ where: {} });
      for (const workerId of workerIds) {
        const at = new Date().toISOString();
        const identity = { v: 1, type: 'heartbeat', workerId, at, host: 'h', cpus: 1, version: '1' } as const;
        const state = { startedAt: at, state: 'idle', taskId: null, reason: null } as const;
        await applyHeartbeat(bench.context, { ...identity, ...state });
      }
    };
    const pauseMs = ({ availableAt, updatedAt }: TaskRow) => availableAt.getTime() - updatedAt.getTime();
    const waitingOf = async (video: VideoRow) => {
      const row = await bench.videoOf(video.id);
      return (await findWaiting(bench.context.database.models, [row], new Date())).get(video.id);
    };

    test('a bad file fails when a second worker reports the same, a second later', async () => {
      await isAlive('a', 'b');
      const video = await bench.addVideo();
      const first = await lease(video);
      assert.deepEqual([first.message.excludedWorkers, first.message.verifyAll], [undefined, undefined]);
      const task = await fail(first.task, 'undecodable');
      assert.deepEqual([task.state, task.attempt, task.errorCode], ['pending', 0, 'undecodable']);
      assert.ok(pauseMs(task) <= 1_000, `${pauseMs(task)} ms`);
      assert.equal((await bench.videoOf(video.id)).status, 'transcoding');
      const second = await lease(video);
      assert.deepEqual(second.message.excludedWorkers, ['a']);
      await fail(second.task, 'undecodable', 'b');
      const { status, errorCode, errorMessage, phase } = await bench.videoOf(video.id);
      assert.deepEqual(
        [status, errorCode, errorMessage, phase],
        ['failed', 'undecodable', 'because of undecodable', null],
      );
    });

    test('a second worker that succeeds is right, and one that reports something else is followed by a third', async () => {
      const good = await bench.addVideo();
      await fail((await lease(good)).task, 'not_a_video');
      await finish((await lease(good)).task, { kind: 'inspect', facts: FACTS }, 'b');
      assert.equal((await bench.videoOf(good.id)).phase, 'encoding');

      const bad = await bench.addVideo();
      await fail((await lease(bad)).task, 'not_a_video');
      await fail((await lease(bad)).task, 'unreadable_file', 'b');
      assert.equal((await bench.videoOf(bad.id)).status, 'transcoding');
      await fail((await lease(bad)).task, 'not_a_video');
      assert.equal((await bench.videoOf(bad.id)).errorCode, 'not_a_video');
    });

    test('a worker that declines its second attempt is asked a few times only', async () => {
      await isAlive('a', 'b');
      const video = await bench.addVideo();
      await fail((await lease(video)).task, 'undecodable');
      let waitedMs = 0;
      for (let declines = 1; declines <= 12; declines += 1) {
        const { task, message } = await lease(video);
        assert.deepEqual(message.excludedWorkers, ['a'], `${declines}`);
        await apply(signEvent(task, { type: 'released' as const, declined: true }, 'a'));
        await task.reload();
        assert.deepEqual([task.state, task.attempt, task.declines], ['pending', 0, declines]);
        waitedMs += pauseMs(task);
      }
      assert.ok(waitedMs <= 75_000, `${waitedMs} ms`);
      const last = await lease(video);
      assert.equal(last.message.excludedWorkers, undefined);
      assert.equal(last.task.deliveries, 1);
    });

    test('where one worker is alive it is asked again', async () => {
      await isAlive('a');
      const video = await bench.addVideo();
      await fail((await lease(video)).task, 'undecodable');
      assert.equal((await lease(video)).message.excludedWorkers, undefined);
    });

    test('faults of the farm use up no attempt, and the video goes online after twenty of them', async () => {
      await isAlive('a', 'b');
      const video = await bench.addVideo();
      const codes = ['source_unreachable', 'disk_full', 'network', 'unavailable'] as const;
      const pauses: number[] = [];
      let since: Date | null = null;
      for (let count = 1; count <= 20; count += 1) {
        const { task, message } = await lease(video);
        assert.equal(message.verifyAll, count > 1 ? true : undefined);
        const code = codes[count % codes.length];
        assert.ok(code);
        await fail(task, code, count % 2 === 0 ? 'a' : 'b');
        assert.deepEqual([task.state, task.attempt, task.farmFaults], ['pending', 0, count]);
        since ??= task.waitingSince;
        assert.deepEqual(task.waitingSince, since);
        assert.equal((await waitingOf(video)) !== undefined, count >= 3, `after ${count}`);
        pauses.push(pauseMs(task));
      }
      assert.ok((pauses[0] ?? 0) <= 2_100 && Math.max(...pauses) <= 60_100, `${pauses}`);
      assert.ok((pauses.at(-1) ?? 0) >= 29_900, `${pauses}`);
      assert.deepEqual(await waitingOf(video), { since: since?.toISOString(), reason_code: 'store' });
      const shown = (await findWaitingTasks(bench.context.database.models)).map(({ videoId }) => videoId);
      assert.ok(shown.includes(video.id));

      const last = await lease(video);
      assert.deepEqual(last.message.excludedWorkers, ['a'], 'whoever failed last');
      await finish(last.task, { kind: 'inspect', facts: FACTS }, 'b');
      for (const { kind } of (await bench.tasksOf(video.id)).slice(1)) {
        const { task, message } = await lease(video, kind);
        assert.equal(message.verifyAll, undefined);
        await finish(task, resultOf(task.spec, FACTS, video.id));
      }
      await publishVideo(bench.context, await bench.videoOf(video.id));
      assert.equal((await bench.videoOf(video.id)).status, 'online');
      assert.ok((await bench.tasksOf(video.id)).every(({ attempt }) => attempt === 0));
      assert.equal(await waitingOf(video), undefined);
    });

    test('damage is not counted together with a store that was away', async () => {
      const video = await bench.addVideo();
      for (let count = 1; count <= 10; count += 1)
        await fail((await lease(video)).task, 'source_unreachable');
      for (let count = 1; count <= 10; count += 1) {
        const task = await fail((await lease(video)).task, 'output_damaged');
        assert.deepEqual([task.state, task.attempt, task.damagedTries], ['pending', 0, count]);
      }
      const task = await fail((await lease(video)).task, 'source_unreachable');
      assert.deepEqual([task.attempt, task.farmFaults, task.damagedTries], [0, 21, 10]);
      const { database } = bench.context;
      const reopen = (transaction: Transaction) =>
        reopenTask({ models: database.models, transaction, taskId: task.id });
      await fail((await lease(video)).task, 'output_damaged');
      assert.equal((await bench.videoOf(video.id)).status, 'failed', 'not retryable, and counted now');
      await database.models.Video.update({ status: 'transcoding' }, { where: { id: video.id } });
      assert.equal((await database.transaction(reopen)).damagedTries, 0);
    });

    test('what a video waits for follows its tasks', async () => {
      await isAlive('a');
      const video = await inspected();
      const { task } = await lease(video, 'audio');
      await fail(task, 'disk_full');
      await task.update({ farmFaults: 3 });
      assert.equal((await waitingOf(video))?.reason_code, 'disk');
      const other = (await lease(video, 'images')).task;
      await apply(signEvent(other, { type: 'started' as const }));
      assert.equal(await waitingOf(video), undefined, 'something goes on');
      await other.update({ state: 'pending', waitingSince: new Date(0), lostLeases: 3 });
      assert.deepEqual(await waitingOf(video), {
        since: '1970-01-01T00:00:00.000Z',
        reason_code: 'worker',
      });
      await other.update({ state: 'done' });
      await fail((await lease(video, 'audio')).task, 'internal');
      assert.equal(await waitingOf(video), undefined, 'an attempt was used, which is no waiting');
    });

    test('without a worker a video waits for one, unless it is known what is away', async () => {
      await isAlive();
      const video = await bench.addVideo();
      assert.equal(await waitingOf(video), undefined, 'not at once');
      const [task] = await bench.tasksOf(video.id);
      await task?.update({ availableAt: new Date(Date.now() - 60_000) });
      assert.equal((await waitingOf(video))?.reason_code, 'worker');
      await fail((await lease(video)).task, 'source_unreachable');
      assert.equal((await waitingOf(video))?.reason_code, 'store');
      await isAlive('a');
      assert.equal(await waitingOf(video), undefined);
    });

    test('sound that two workers cannot decode is left out, with a notice to the owner', async () => {
      const video = await inspected();
      for (const { kind } of (await bench.tasksOf(video.id)).slice(1)) {
        const { task } = await lease(video, kind);
        if (kind !== 'audio') await finish(task, resultOf(task.spec, FACTS, video.id));
        else {
          const again = await finish(task, withoutSound);
          assert.deepEqual([again.state, again.errorCode, again.result], ['pending', 'undecodable', null]);
        }
      }
      assert.equal((await bench.videoOf(video.id)).notices, null);
      const { task } = await lease(video, 'audio');
      // another worker, of another version
      await fail(task, 'undecodable', 'b');
      assert.equal(task.state, 'failed');
      await publishVideo(bench.context, await bench.videoOf(video.id));
      const online = await bench.videoOf(video.id);
      assert.deepEqual([online.status, online.notices], ['online', [AUDIO_LEFT_OUT]]);
      const [notice] = serializeNotices(online);
      assert.equal(notice?.reason, 'undecodable');
      assert.match(notice?.message ?? '', /has no sound/);
    });

    test('a video without an audio stream has no verdict and no notice', async () => {
      const video = await inspected(factsOf({ durationSeconds: 8, audio: false }));
      const kinds = (await bench.tasksOf(video.id)).map(({ kind }) => kind);
      assert.equal(kinds.includes('audio'), false);
      assert.equal(video.notices, null);
    });

    test('one good attempt at the sound is enough', async () => {
      const video = await inspected();
      await finish((await lease(video, 'audio')).task, withoutSound);
      const { task } = await lease(video, 'audio');
      await finish(task, resultOf(task.spec, FACTS, video.id), 'b');
      assert.equal(task.state, 'done');
      assert.equal((await bench.videoOf(video.id)).notices, null);
    });

    test('a new transcode, and a new attempt at the sound, begin without the notice and the verdicts', async () => {
      const { database } = bench.context;
      const { models } = database;
      const leaveOut = async (video: VideoRow) => {
        for (const workerId of ['a', 'b']) {
          await finish((await lease(video, 'audio')).task, withoutSound, workerId);
        }
        const left = await bench.videoOf(video.id);
        assert.deepEqual(left.notices, [AUDIO_LEFT_OUT]);
        return left;
      };
      const reopened = await leaveOut(await inspected());
      const audio = (await bench.tasksOf(reopened.id)).find(({ kind }) => kind === 'audio');
      assert.ok(audio);
      const task = await database.transaction((transaction) =>
        reopenTask({ models, transaction, taskId: audio.id }),
      );
      assert.deepEqual([task.state, task.verdicts], ['pending', null]);
      assert.equal((await bench.videoOf(reopened.id)).notices, null);

      const restarted = await leaveOut(await inspected());
      await database.transaction((transaction) =>
        restartTranscode({ models, transaction, video: restarted, requestId: null }),
      );
      assert.equal((await bench.videoOf(restarted.id)).notices, null);

      const failed = await leaveOut(await inspected());
      // as one that failed by the rules of an earlier version
      await failed.update({ status: 'failed', errorCode: 'undecodable', errorMessage: 'damaged' });
      await database.transaction((transaction) =>
        retryTranscode({ models, transaction, video: failed, requestId: null }),
      );
      const again = await bench.videoOf(failed.id);
      assert.deepEqual([again.status, again.notices, again.errorCode], ['transcoding', null, null]);
    });
  });
}
