import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { ControlMessage, TaskResult } from '@reelmill/shared/contracts/tasks.ts';
import { attemptTag } from '@reelmill/shared/core/objectKeys.ts';
import type { TaskRow, VideoRow } from '../../server/src/db/rows.ts';
import { claimTasks } from '../../server/src/dispatch/claimTasks.ts';
import { makeDue } from '../../server/src/dispatch/sweeper.ts';
import { findQuarantined } from '../../server/src/farm/farmRepository.ts';
import { publishVideo } from '../../server/src/publish/publishVideo.ts';
import { applyEvent } from '../../server/src/results/eventConsumer.ts';
import { requeueExpiredLeases } from '../../server/src/results/leases.ts';
import { ProgressKeeper } from '../../server/src/results/progressKeeper.ts';
import { cancelTranscode, retryTranscode } from '../../server/src/transcode/lifecycle.ts';
import { reopenTask } from '../../server/src/transcode/tasks.ts';
import { type BenchDatabase, type FarmBench, openFarmBench, signEvent } from '../support/farmBench.ts';
import { waitFor } from '../support/processes.ts';
import { listPublishedKeys } from '../support/publishedVideo.ts';
import { factsOf, resultOf } from '../support/taskResults.ts';

const FACTS = factsOf({ durationSeconds: 40 });

for (const database of ['SQLite', 'MariaDB'] satisfies BenchDatabase[]) {
  suite(`results of tasks on ${database}`, () => {
    let bench: FarmBench;
    let progress: ProgressKeeper;
    const told: ControlMessage[] = [];

    before(async () => {
      bench = await openFarmBench(database);
      progress = new ProgressKeeper(bench.context);
      await bench.context.queue.onControl((message) => told.push(message));
    });
    after(() => bench.close());

    const apply = (event: Parameters<typeof applyEvent>[2]) => applyEvent(bench.context, progress, event);

    /** Leases every waiting task of a video and answers them as they are then. */
    const lease = async (video: VideoRow): Promise<TaskRow[]> => {
      const waiting = (await bench.tasksOf(video.id)).filter(({ state }) => state === 'pending');
      await claimTasks(
        bench.context.database.models,
        waiting.map(({ id }) => id),
      );
      return (await bench.tasksOf(video.id)).filter(({ state }) => state === 'queued');
    };
    const leaseOne = async (video: VideoRow): Promise<TaskRow> => {
      const [task] = await lease(video);
      assert.ok(task);
      return task;
    };
    const finish = async (task: TaskRow, result: TaskResult = resultOf(task.spec, FACTS, task.videoId)) => {
      await apply(signEvent(task, { type: 'started' as const }));
      return apply(signEvent(task, { type: 'done' as const, result, elapsedMs: 1 }));
    };
    const inspected = async (): Promise<VideoRow> => {
      const video = await bench.addVideo();
      await finish(await leaseOne(video));
      return bench.videoOf(video.id);
    };
    const fail = (task: TaskRow, code: ErrorCode, retryable: boolean) =>
      apply(
        signEvent(task, {
          type: 'failed' as const,
          error: { code, message: `because of ${code}`, retryable, diagnostics: 'last lines' },
        }),
      );
    const stateOf = async (task: TaskRow) => (await task.reload()).state;

    test('plans and sources name the folder and the content; one of an earlier version is released', async () => {
      const video = await bench.addVideo();
      const objectFolder = `${video.id}-${'0123456789abcdef'.repeat(2)}`;
      const lastModified = new Date('2026-01-02T03:04:05.000Z');
      await video.update({ objectFolder, sourceEtag: 'abc', sourceLastModified: lastModified });
      await finish(await leaseOne(video));
      const [task] = (await lease(video)).filter(({ kind }) => kind === 'encode');
      assert.ok(task && task.spec.kind === 'encode');
      assert.equal(task.spec.plan.folder, objectFolder);
      assert.deepEqual(
        [task.spec.source.etag, task.spec.source.lastModified],
        ['abc', lastModified.toISOString()],
      );
      await apply(signEvent(task, { type: 'started' as const }));
      const old = resultOf(task.spec, FACTS, video.id);
      await apply({ ...signEvent(task, { type: 'done' as const, elapsedMs: 1 }), result: old });
      assert.deepEqual([await stateOf(task), task.attempt, task.result], ['pending', 0, null]);
      assert.ok(task.availableAt > new Date());
      await finish(await leaseOne(video));
      assert.equal(await stateOf(task), 'done');
    });

    test('an inspection is followed by its plan, in one step', async () => {
      const video = await inspected();
      assert.equal(video.phase, 'encoding');
      assert.deepEqual([video.width, video.height, video.durationSeconds], [1280, 720, 40]);
      const tasks = await bench.tasksOf(video.id);
      assert.deepEqual(
        tasks.map(({ state }) => state),
        ['done', ...tasks.slice(1).map(() => 'pending')],
      );
      assert.equal(tasks.filter(({ kind }) => kind === 'audio').length, 1);
      assert.ok(tasks.filter(({ kind }) => kind === 'encode').length >= 3);
      assert.equal(video.plan?.version, video.planVersion);
    });

    test('a result that is reported twice changes nothing the second time', async () => {
      const video = await bench.addVideo();
      const task = await leaseOne(video);
      await finish(task);
      const before = await bench.tasksOf(video.id);
      await finish(task);
      const after = await bench.tasksOf(video.id);
      assert.equal(after.length, before.length);
      assert.equal(after[0]?.deliveries, 1);
    });

    test('whoever lost the lease changes nothing and gets a revocation', async () => {
      const video = await bench.addVideo();
      const late = await leaseOne(video);
      await late.update({ state: 'pending' });
      const current = await leaseOne(video);
      assert.notEqual(late.leaseToken, current.leaseToken);
      const zombie = { ...late.get(), leaseToken: randomUUID() };
      const message = { v: 1 as const, workerId: 'zombie', at: new Date().toISOString(), taskId: late.id };
      const identity = { ...message, videoId: video.id, leaseToken: zombie.leaseToken };
      await apply({ ...identity, type: 'started' });
      await apply({ ...identity, type: 'progress', done: 900, segmentsDone: 0, speed: null });
      await apply({ ...identity, type: 'done', result: { kind: 'inspect', facts: FACTS }, elapsedMs: 1 });
      assert.equal(await stateOf(current), 'queued');
      assert.equal(current.unitsDone, 0);
      await waitFor('the zombie is told', () =>
        told.some((m) => m.type === 'revoke_task' && m.leaseToken === zombie.leaseToken),
      );
    });

    test('a task whose lease expired too early continues where it is', async () => {
      const video = await bench.addVideo();
      const task = await leaseOne(video);
      await apply(signEvent(task, { type: 'started' as const }));
      await task.update({ state: 'pending', leaseExpiresAt: null });
      await apply(signEvent(task, { type: 'progress' as const, done: 10, segmentsDone: 0, speed: null }));
      assert.equal(await stateOf(task), 'running');
      assert.ok(task.leaseExpiresAt && task.leaseExpiresAt > new Date());
    });

    test('progress counts up only, and shows in the video', async () => {
      const video = await inspected();
      const [opening, audio] = await lease(video);
      assert.ok(opening && audio?.kind === 'audio');
      const say = (task: TaskRow, done: number, segmentsDone: number) =>
        apply(signEvent(task, { type: 'progress' as const, done, segmentsDone, speed: 2 }));
      await say(opening, 100, 0);
      const first = (await bench.videoOf(video.id)).progress;
      assert.ok(first > 1 && first < 99);
      await say(opening, 40, 0);
      assert.equal((await opening.reload()).unitsDone, 100);
      assert.equal((await bench.videoOf(video.id)).progress, first);
      await say(opening, 150, 1);
      assert.equal((await bench.videoOf(video.id)).playable, false);
      await say(audio, 100, 1);
      assert.equal((await bench.videoOf(video.id)).playable, true);
    });

    test('a failure by chance is retried later, and only so often', async () => {
      const video = await inspected();
      for (const attempt of [1, 2]) {
        const task = (await lease(video)).find(({ kind }) => kind === 'audio');
        assert.ok(task);
        await fail(task, 'encoder_failed', true);
        assert.equal(await stateOf(task), 'pending');
        assert.equal(task.attempt, attempt);
        assert.ok(task.availableAt > new Date());
        assert.equal(task.leaseToken, null);
      }
      const task = (await lease(video)).find(({ kind }) => kind === 'audio');
      assert.ok(task);
      await fail(task, 'encoder_failed', true);
      const failed = await bench.videoOf(video.id);
      assert.equal(failed.status, 'failed');
      assert.equal(failed.errorCode, 'encoder_failed');
      assert.match(failed.errorMessage ?? '', /could not be converted/);
      assert.match(failed.errorDiagnostics ?? '', /last lines/);
      const states = (await bench.tasksOf(video.id)).map(({ state }) => state);
      assert.equal(
        states.some((state) => ['pending', 'queued', 'running'].includes(state)),
        false,
      );
    });

    test('the leases of other workers of a failed video are revoked', async () => {
      const video = await inspected();
      const [first, second] = await lease(video);
      assert.ok(first && second);
      await first.update({ verdicts: [{ code: 'undecodable', workerId: 'worker-2' }] });
      told.length = 0;
      await fail(first, 'undecodable', false);
      await waitFor('the other task is revoked', () =>
        told.some((message) => message.type === 'revoke_task' && message.taskId === second.id),
      );
    });

    test('pictures for people do not keep a video from playing', async () => {
      const video = await inspected();
      const images = (await lease(video)).find(({ kind }) => kind === 'images');
      assert.ok(images);
      await images.update({ verdicts: [{ code: 'undecodable', workerId: 'worker-2' }] });
      await fail(images, 'undecodable', false);
      const { status, notices } = await bench.videoOf(video.id);
      assert.deepEqual([status, notices], ['transcoding', null]);
      assert.equal(await stateOf(images), 'failed');
    });

    test('a released task goes to another at once and was no attempt', async () => {
      const video = await bench.addVideo();
      const task = await leaseOne(video);
      await apply(signEvent(task, { type: 'started' as const }));
      await apply(signEvent(task, { type: 'released' as const }));
      assert.equal(await stateOf(task), 'pending');
      assert.deepEqual([task.attempt, task.deliveries, task.leaseToken], [0, 0, null]);
      assert.ok(task.availableAt <= new Date());
    });

    /** A worker begins the task and is killed; the queue delivers it again to the one that took its place. */
    const loseWorker = async (task: TaskRow): Promise<void> => {
      await apply(signEvent(task, { type: 'started' as const }));
      await apply(signEvent(task, { type: 'released' as const, redelivered: true }));
      await task.reload();
    };
    const pauseMs = (task: TaskRow): number => task.availableAt.getTime() - task.updatedAt.getTime();

    test('a task whose workers are lost uses up no attempt and waits longer each time', async () => {
      const video = await bench.addVideo();
      const pauses: number[] = [];
      const lost = bench.context.config.TASK_ATTEMPTS + 8;
      let task = await leaseOne(video);
      for (let loss = 1; loss <= lost; loss += 1) {
        await loseWorker(task);
        assert.deepEqual(
          [task.state, task.attempt, task.lostLeases, task.leaseToken],
          ['pending', 0, loss, null],
        );
        pauses.push(pauseMs(task));
        task = await leaseOne(video);
      }
      const [first = 0, second = 0, third = 0] = pauses;
      assert.ok(first <= 1_100 && second <= 2_100, `${pauses}`);
      assert.ok(third >= 59_000 && Math.max(...pauses) <= 3_601_000, `${pauses}`);
      assert.ok((pauses.at(-1) ?? 0) >= 1_790_000, `${pauses}`);
      assert.equal((await bench.videoOf(video.id)).status, 'transcoding');
      await finish(task);
      assert.equal(await stateOf(task), 'done');
    });

    test('tasks in quarantine begin one after the other, and are shown to admins', async () => {
      const tasks: TaskRow[] = [];
      for (let index = 0; index < 3; index += 1) {
        const task = await leaseOne(await bench.addVideo());
        await task.update({ lostLeases: 2 });
        await loseWorker(task);
        tasks.push(task);
      }
      const times = tasks.map(({ availableAt }) => availableAt.getTime()).sort((a, b) => a - b);
      for (const [index, time] of times.entries()) {
        assert.ok(time - (times[index - 1] ?? 0) >= 10_000, `${times}`);
      }
      const shown = (await findQuarantined(bench.context.database.models)).map(({ id }) => id);
      for (const { id } of tasks) assert.ok(shown.includes(id));
      const [task] = tasks;
      assert.ok(task);
      const { database } = bench.context;
      const reopened = await database.transaction((transaction) =>
        reopenTask({ models: database.models, transaction, taskId: task.id }),
      );
      assert.deepEqual([reopened.lostLeases, reopened.availableAt <= new Date()], [0, true]);
      const released = { lostLeases: 0, availableAt: new Date() };
      for (const { id } of tasks) await database.models.Task.update(released, { where: { id } });
    });

    test('a redelivered task that somebody else may still work on loses its lease only when that one is silent', async () => {
      const task = await leaseOne(await bench.addVideo());
      await apply(signEvent(task, { type: 'started' as const }));
      const handedBack = signEvent(task, { type: 'released' as const, redelivered: true });
      await apply({ ...handedBack, workerId: 'another' });
      await task.reload();
      assert.deepEqual([task.state, task.lostLeases], ['running', 0]);
      const leftMs = (task.leaseExpiresAt?.getTime() ?? 0) - Date.now();
      assert.ok(leftMs > 5_000 && leftMs <= 10_000, `${leftMs}`);
      await apply(signEvent(task, { type: 'progress' as const, done: 1, segmentsDone: 0, speed: null }));
      await task.reload();
      assert.ok((task.leaseExpiresAt?.getTime() ?? 0) - Date.now() > 20_000);
    });

    test('a redelivered task that nobody began goes again at once', async () => {
      const task = await leaseOne(await bench.addVideo());
      await apply(signEvent(task, { type: 'released' as const, redelivered: true }));
      assert.equal(await stateOf(task), 'pending');
      assert.deepEqual([task.lostLeases, task.deliveries, task.leaseToken], [0, 0, null]);
      assert.ok(task.availableAt <= new Date());
    });

    test('a worker that speaks again after its lease ran out was not lost', async () => {
      const task = await leaseOne(await bench.addVideo());
      await apply(signEvent(task, { type: 'started' as const }));
      await task.update({ leaseExpiresAt: new Date(Date.now() - 60_000) });
      await requeueExpiredLeases(bench.context, Date.now());
      assert.deepEqual([await stateOf(task), task.lostLeases], ['pending', 1]);
      await apply(signEvent(task, { type: 'progress' as const, done: 1, segmentsDone: 0, speed: null }));
      assert.deepEqual([await stateOf(task), task.lostLeases], ['running', 0]);
    });

    test('a task that a clock ahead of the time has put off for long is due, and others wait as planned', async () => {
      const [far, near, quarantined, farther] = [
        await leaseOne(await bench.addVideo()),
        await leaseOne(await bench.addVideo()),
        await leaseOne(await bench.addVideo()),
        await leaseOne(await bench.addVideo()),
      ];
      const now = Date.now();
      const putOff = (minutes: number, lostLeases = 0) =>
        ({ state: 'pending', availableAt: new Date(now + minutes * 60_000), lostLeases }) as const;
      await far.update(putOff(58));
      await near.update(putOff(1));
      await quarantined.update(putOff(58, 3));
      await farther.update(putOff(60 * 24 * 365, 3));
      assert.equal(await makeDue(bench.context, now), 2);
      for (const [task, isDue] of [
        [far, true],
        [near, false],
        [quarantined, false],
        [farther, true],
      ] as const) {
        await task.reload();
        assert.equal(task.availableAt.getTime() <= now + 1_000, isDue);
      }
    });

    test('a program that dies twice on the same task fails the video, after one more attempt', async () => {
      const video = await bench.addVideo();
      const first = await leaseOne(video);
      await fail(first, 'program_died', true);
      assert.deepEqual([await stateOf(first), first.attempt, first.programDeaths], ['pending', 0, 1]);
      await fail(await leaseOne(video), 'encoder_failed', true);
      await first.reload();
      assert.deepEqual([first.state, first.attempt, first.programDeaths], ['pending', 1, 1]);
      await fail(await leaseOne(video), 'program_died', true);
      assert.equal(await stateOf(first), 'failed');
      const failed = await bench.videoOf(video.id);
      assert.deepEqual([failed.status, failed.errorCode], ['failed', 'program_died']);
      assert.match(failed.errorMessage ?? '', /ended unexpectedly twice/);
    });

    const encodeOf = async (video: VideoRow): Promise<TaskRow> => {
      const task = (await lease(video)).find(({ kind }) => kind === 'encode');
      assert.ok(task);
      return task;
    };
    const usageOf = ({ id }: VideoRow): Promise<number> =>
      bench.context.database.models.TranscodeUsage.count({ where: { videoId: id } });

    for (const code of ['frame_count_mismatch', 'source_differs'] as const) {
      test(`a plan that does not fit (${code}): everything is read, then planned again, then as one chunk`, async () => {
        const video = await inspected();
        const [first, second] = await lease(video);
        assert.ok(first && second);
        await bench.context.database.models.Video.update({ progress: 40 }, { where: { id: video.id } });
        const result = resultOf(second.spec, FACTS, second.videoId);
        const late = signEvent(second, { type: 'done' as const, result, elapsedMs: 1 });
        told.length = 0;
        await fail(first, code, false);
        const reading = await bench.videoOf(video.id);
        assert.deepEqual([reading.status, reading.phase], ['transcoding', 'encoding']);
        assert.equal(reading.planVersion, video.planVersion + 1);
        assert.deepEqual([await stateOf(first), await stateOf(second)], ['failed', 'canceled']);
        await waitFor('the other task is revoked', () =>
          told.some((message) => message.type === 'revoke_task' && message.taskId === second.id),
        );
        await apply(late);
        assert.equal(await stateOf(second), 'canceled');
        const inspection = await leaseOne(video);
        assert.deepEqual([inspection.kind, inspection.planVersion], ['inspect', reading.planVersion]);
        assert.ok(inspection.spec.kind === 'inspect' && inspection.spec.thorough);
        await finish(inspection, { kind: 'inspect', facts: factsOf({ durationSeconds: 60 }) });
        const again = await bench.videoOf(video.id);
        assert.deepEqual([again.planVersion, again.progress], [reading.planVersion, 40]);
        assert.deepEqual([again.plan?.version, again.durationSeconds], [again.planVersion, 60]);
        assert.ok((again.plan?.chunks.length ?? 0) > 1);
        await fail(await encodeOf(again), code, false);
        const single = await bench.videoOf(video.id);
        assert.deepEqual([single.planVersion, single.plan?.chunks.length], [again.planVersion + 1, 1]);
        await fail(await encodeOf(single), code, false);
        assert.equal((await bench.videoOf(video.id)).status, 'transcoding');
        await fail(await encodeOf(single), code, false);
        assert.equal((await bench.videoOf(video.id)).errorCode, code);
        assert.equal(await usageOf(video), 1);
      });
    }

    test('one chunk that does not fit is planned again from everything, too', async () => {
      const video = await bench.addVideo();
      const facts = { ...FACTS, seekable: false };
      await finish(await leaseOne(video), { kind: 'inspect', facts });
      await fail(await encodeOf(video), 'frame_count_mismatch', false);
      const inspection = await leaseOne(video);
      assert.ok(inspection.spec.kind === 'inspect' && inspection.spec.thorough);
      await finish(inspection, { kind: 'inspect', facts });
      for (const _ of ['said', 'said by a second one']) {
        await fail(await encodeOf(video), 'frame_count_mismatch', false);
      }
      assert.equal((await bench.videoOf(video.id)).status, 'failed');
    });

    test('of what was read as a whole already no second inspection is made', async () => {
      const video = await bench.addVideo();
      await finish(await leaseOne(video), { kind: 'inspect', facts: { ...FACTS, thorough: true } });
      await fail(await encodeOf(video), 'frame_count_mismatch', false);
      assert.equal((await bench.videoOf(video.id)).plan?.chunks.length, 1);
    });

    test('where not everything can be read in time one chunk is made; where the file is to blame the video fails', async () => {
      const unread = async (): Promise<[VideoRow, TaskRow]> => {
        const video = await inspected();
        await fail(await encodeOf(video), 'frame_count_mismatch', false);
        return [video, await leaseOne(video)];
      };
      const [video, slow] = await unread();
      await slow.update({ attempt: 2 });
      await fail(slow, 'time_limit', true);
      const single = await bench.videoOf(video.id);
      assert.deepEqual([single.status, single.plan?.chunks.length], ['transcoding', 1]);
      for (const _ of ['said', 'said by a second one']) {
        await fail(await encodeOf(single), 'frame_count_mismatch', false);
      }
      assert.equal((await bench.videoOf(video.id)).errorCode, 'frame_count_mismatch');
      assert.equal(await usageOf(video), 1);
      const [bad, inspection] = await unread();
      await fail(inspection, 'limits_exceeded', false);
      await fail(await leaseOne(bad), 'limits_exceeded', false);
      assert.equal((await bench.videoOf(bad.id)).errorCode, 'limits_exceeded');
    });

    test('the last task publishes sources, playlists and status together', async () => {
      const video = await inspected();
      const leased = await lease(video);
      const aftermaths = [];
      for (const task of leased) aftermaths.push(await finish(task));
      assert.deepEqual(
        aftermaths.map((aftermath) => aftermath?.complete),
        leased.map((_, index) => index === leased.length - 1),
      );
      const finalizing = await bench.videoOf(video.id);
      assert.equal(finalizing.phase, 'finalizing');
      // two servers at once
      await Promise.all([publishVideo(bench.context, finalizing), publishVideo(bench.context, finalizing)]);
      const online = await bench.videoOf(video.id);
      assert.deepEqual(
        [online.status, online.progress, online.phase, online.playable],
        ['online', 100, null, true],
      );
      const sources = await bench.context.database.models.VideoSource.findAll({
        where: { videoId: video.id },
        order: ['id'],
      });
      assert.deepEqual(
        sources.map(({ quality, format, key }) => [quality, format, key]),
        video.plan?.renditions.map(({ quality }) => [
          quality,
          'HLS',
          `processed/${video.id}/hls_${quality}/${quality}.m3u8`,
        ]),
      );
      for (const name of [
        'master.m3u8',
        'hls_audio/audio.m3u8',
        ...sources.map(({ quality: q }) => `hls_${q}/${q}.m3u8`),
      ]) {
        assert.ok(await bench.media.store.stat(`processed/${video.id}/${name}`), name);
      }
    });

    test('a result of another attempt than the one it comes from changes nothing', async () => {
      const video = await inspected();
      const waiting = await lease(video);
      for (const task of waiting) {
        const other = attemptTag({ taskId: task.id, leaseToken: randomUUID() });
        const result = resultOf(task.spec, FACTS, task.videoId, other);
        await finish(task, result);
        assert.deepEqual([await stateOf(task), task.attempt, task.errorCode], ['pending', 1, 'internal']);
      }
      assert.ok(waiting.length > 4);
      assert.equal((await bench.videoOf(video.id)).coverKey, null);
    });

    test('whoever is heard of after a video has ended has it looked at for late objects; viewers see no change', async () => {
      const video = await inspected();
      const [late, ...others] = await lease(video);
      assert.ok(late);
      const zombie = { ...signEvent(late, { type: 'started' as const }), leaseToken: randomUUID() };
      const say = () => apply({ ...zombie, type: 'progress', done: 1, segmentsDone: 1, speed: null });
      await say();
      assert.equal((await bench.videoOf(video.id)).cleanAfter, null, 'it has not ended');
      for (const task of [late, ...others]) await finish(task);
      await publishVideo(bench.context, await bench.videoOf(video.id));
      const online = await bench.videoOf(video.id);
      assert.equal(online.status, 'online');
      const inAMinute = online.cleanAfter?.getTime() ?? 0;
      assert.ok(Math.abs(inAMinute - Date.now() - 60_000) < 30_000);
      const muchLater = new Date(Date.now() + 3_600_000);
      for (const event of [say, () => apply(zombie), () => finish(late)]) {
        await online.update({ cleanAfter: muchLater }, { silent: true });
        await event();
        const { cleanAfter, updatedAt } = await bench.videoOf(video.id);
        assert.ok(cleanAfter !== null && cleanAfter < muchLater);
        assert.deepEqual(updatedAt, online.updatedAt);
      }
    });

    test('a result that names objects of another video changes nothing, and another worker gets the task', async () => {
      const video = await inspected();
      for (const task of await lease(video)) {
        if (task.kind !== 'images' && task.kind !== 'audio') continue;
        const result = structuredClone(resultOf(task.spec, FACTS, task.videoId));
        if (result.kind === 'images') result.coverKey = `raw/${video.id + 1}/secret.mp4`;
        if (result.kind === 'audio' && result.rendition) result.rendition.codecs = 'mp4a"\n#EXT-X-MEDIA';
        await finish(task, result);
        assert.equal(await stateOf(task), 'pending', task.kind);
        assert.deepEqual([task.result, task.attempt, task.errorCode], [null, 1, 'internal']);
      }
      assert.equal((await bench.videoOf(video.id)).coverKey, null);
    });

    test('a server that comes too late to publish leaves the playlists of the plan that is online', async () => {
      const video = await inspected();
      const finishAll = async () => {
        for (const task of await lease(video)) await finish(task);
        return bench.videoOf(video.id);
      };
      const late = await finishAll();
      const { models, transaction: begin } = bench.context.database;
      await begin((transaction) => cancelTranscode({ models, transaction, video }));
      await begin((transaction) => retryTranscode({ models, transaction, video, requestId: null }));
      await finishAll();
      await publishVideo(bench.context, await finishAll());
      const published = await listPublishedKeys(bench.media.store, video.id);
      assert.ok(published.some((key) => /\/seg_2_/.test(key)));
      await publishVideo(bench.context, late);
      assert.deepEqual(await listPublishedKeys(bench.media.store, video.id), published);
    });

    test('pieces that do not fit together are made again as one chunk, that once more, and then the video fails', async () => {
      const video = await inspected();
      const joinBadly = async () => {
        for (const task of (await lease(video)).toReversed()) {
          const result = resultOf(task.spec, FACTS, task.videoId);
          if (task.spec.kind === 'encode' && task.spec.chunk.last && result.kind === 'encode') {
            result.frames += 1;
          }
          await finish(task, result);
        }
        await publishVideo(bench.context, await bench.videoOf(video.id));
        return bench.videoOf(video.id);
      };
      for (const version of [2, 3]) {
        const { status, phase, plan, planVersion } = await joinBadly();
        assert.deepEqual([status, phase, plan?.chunks.length], ['transcoding', 'encoding', 1]);
        assert.equal(planVersion, version);
      }
      const failed = await joinBadly();
      assert.deepEqual([failed.status, failed.errorCode], ['failed', 'frame_count_mismatch']);
      assert.doesNotMatch(failed.errorMessage ?? '', /damaged/);
    });

    test('a canceled video has no open task and can be transcoded again as another version', async () => {
      const video = await inspected();
      const [task] = await lease(video);
      assert.ok(task);
      const { models } = bench.context.database;
      await bench.context.database.transaction((transaction) =>
        cancelTranscode({ models, transaction, video }),
      );
      assert.equal((await bench.videoOf(video.id)).status, 'canceled');
      assert.equal(await stateOf(task), 'canceled');
      await assert.rejects(
        bench.context.database.transaction((transaction) => cancelTranscode({ models, transaction, video })),
        { code: 'state_conflict' },
      );
      await bench.context.database.transaction((transaction) =>
        retryTranscode({ models, transaction, video, requestId: null }),
      );
      const again = await bench.videoOf(video.id);
      assert.deepEqual(
        [again.status, again.progress, again.planVersion],
        ['transcoding', 0, video.planVersion],
      );
      assert.equal((await bench.tasksOf(video.id)).filter(({ state }) => state === 'pending').length, 1);
      await assert.rejects(
        bench.context.database.transaction((transaction) =>
          retryTranscode({ models, transaction, video, requestId: null }),
        ),
        { code: 'state_conflict' },
      );
    });

    test('of two retries at the same time one counts', async () => {
      const video = await inspected();
      const { models } = bench.context.database;
      await bench.context.database.transaction((transaction) =>
        cancelTranscode({ models, transaction, video }),
      );
      const same = await bench.videoOf(video.id);
      const retries = await Promise.allSettled(
        [video, same].map((row) =>
          bench.context.database.transaction((transaction) =>
            retryTranscode({ models, transaction, video: row, requestId: null }),
          ),
        ),
      );
      assert.deepEqual(retries.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      assert.equal((await bench.tasksOf(video.id)).filter(({ state }) => state === 'pending').length, 1);
    });
  });
}
