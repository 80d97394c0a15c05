import assert from 'node:assert/strict';
import { mkdir, readdir, utimes } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { auditListSchema } from '@reelmill/shared/contracts/audit.ts';
import {
  type RetentionJob,
  type RetentionJobName,
  type RetentionRunResponse,
  retentionRunResponseSchema,
  retentionSchema,
} from '@reelmill/shared/contracts/retention.ts';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { objectKeys, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { VideoRow } from '../../server/src/db/rows.ts';
import { lockJob } from '../../server/src/maintenance/jobLock.ts';
import { RETENTION_JOBS } from '../../server/src/maintenance/registry.ts';
import { runScheduled } from '../../server/src/maintenance/run.ts';
import { readSmallObject } from '../../server/src/playback/readSmallObject.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { runReelmill } from '../support/cli.ts';
import { PretendTranscode } from '../support/pretendTranscode.ts';
import { makeTemporaryFolder, waitFor } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beginMultipart, beginSingle, complete, put, uploadSomething } from '../support/uploads.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
const DAY_MS = 86_400_000;
const PART = 16 * 1024 ** 2;
const STALE_TAG = '9-0123456789ab';
/** When nothing of these tests is due yet. */
const TOMORROW = new Date(Date.now() + DAY_MS);

describe('retention', () => {
  let server: TestServer;
  let user: ApiUser;
  let admin: ApiUser;
  before(async () => {
    server = await startTestServer({
      env: { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password, RETAIN_SOURCES_DAYS: '30' },
    });
    const api = await DocumentedApi.of(server.url);
    user = await api.signUp('ann');
    admin = await api.logIn(ADMIN);
  });
  after(() => server.stop());

  const jobOf = async (name: RetentionJobName): Promise<RetentionJob> => {
    const { jobs } = (await admin.call('GET', '/admin/retention')).as(retentionSchema);
    const job = jobs.find((one) => one.name === name);
    assert.ok(job);
    return job;
  };
  const run = async (job: RetentionJobName, dryRun: boolean): Promise<RetentionRunResponse> => {
    const answer = await admin.call('POST', '/admin/retention/run', { body: { job, dry_run: dryRun } });
    assert.equal(answer.status, 200, answer.text);
    return answer.as(retentionRunResponseSchema);
  };
  const videoOf = (id: number) => server.context.database.models.Video.findByPk(id, { rejectOnEmpty: true });
  const folderOf = async (id: number) => videoFolder(await videoOf(id));
  const keysOf = async (video: number | string): Promise<string[]> => {
    const keys: string[] = [];
    const folder = typeof video === 'string' ? video : await folderOf(video);
    for (const prefix of [objectKeys.rawPrefix(folder), objectKeys.processedPrefix(folder)]) {
      for await (const { key } of server.context.store.list(prefix)) keys.push(key);
    }
    return keys.sort();
  };
  const putObject = async (key: string, daysAgo: number): Promise<void> => {
    await server.context.store.put(key, Buffer.from('old'), { contentType: 'video/mp4', sizeBytes: 3 });
    await makeOld(path.join('objects', key), daysAgo);
  };
  /** A file below the store's folder was written so long ago. */
  const makeOld = async (file: string, daysAgo: number): Promise<void> => {
    const at = new Date(Date.now() - daysAgo * DAY_MS);
    await utimes(path.join(server.dataDir, 'objects', file), at, at);
  };
  /** Makes a video due only when an admin asks for all, as if it had ended long ago. */
  const settle = async (id: number): Promise<void> => {
    await server.context.database.models.Video.sequelize?.query(
      'UPDATE videos SET updated_at = :longAgo, clean_after = :tomorrow WHERE id = :id',
      { replacements: { longAgo: new Date(Date.now() - DAY_MS), tomorrow: TOMORROW, id } },
    );
  };
  const publish = async (daysAgo: number, tagged = false): Promise<number> => {
    const videoId = await uploadSomething(user);
    await (await PretendTranscode.plan(server.context, videoId, { tagged })).publish();
    const onlineAt = new Date(Date.now() - daysAgo * DAY_MS);
    await server.context.database.models.Video.update({ onlineAt }, { where: { id: videoId } });
    return videoId;
  };

  test('a source goes when its video has been online for long enough, and the video plays on', async () => {
    const [old, young] = [await publish(31), await publish(29)];
    const before = await keysOf(old);
    const { now } = await jobOf('old_sources');
    assert.deepEqual([now?.items, now?.bytes, now?.complete], [1, 3, true]);
    assert.deepEqual(now?.examples[0]?.key, (await videoOf(old)).sourceKey);
    assert.deepEqual((await run('old_sources', true)).result, now);
    assert.deepEqual(await keysOf(old), before);

    const { result } = await run('old_sources', false);
    assert.deepEqual([result.items, result.failed], [1, 0]);
    assert.deepEqual(
      await keysOf(old),
      before.filter((key) => !key.startsWith('raw/')),
    );
    assert.ok((await keysOf(young)).includes((await videoOf(young)).sourceKey));
    const { video } = (await user.call('GET', `/videos/${old}`)).as(videoDetailSchema);
    assert.equal(video.status, 'online');
    const playlist = await fetch(video.playback_url ?? '');
    assert.equal(playlist.status, 200);
    assert.match(await playlist.text(), /#EXTM3U/);

    const { entries } = (await admin.call('GET', '/admin/audit?action=retention.run')).as(auditListSchema);
    assert.deepEqual(
      [entries[0]?.actor?.email, entries[0]?.target, entries[0]?.details.items],
      [ADMIN.email, { kind: 'retention', id: 'old_sources' }, 1],
    );
    const job = await jobOf('old_sources');
    assert.deepEqual(job.now?.items, 0);
    assert.deepEqual([job.last_run?.trigger, job.last_run?.result?.items], ['admin', 1]);
    assert.equal((await run('old_sources', false)).result.items, 0);
  });

  test('what needs the source afterwards fails with source_gone', async () => {
    const videoId = await publish(31);
    await run('old_sources', false);
    const retry = await user.call('POST', `/videos/${videoId}/retry`);
    assert.deepEqual([retry.status, retry.error.code], [409, 'source_gone']);
    assert.match(retry.error.message, /upload it again/);
    // also where somebody puts a file in its place, or the video comes into a state from which it could be tried again
    const { sourceKey } = await videoOf(videoId);
    await putObject(sourceKey, 0);
    await server.context.database.models.Video.update({ status: 'failed' }, { where: { id: videoId } });
    const again = await user.call('POST', `/videos/${videoId}/retry`);
    assert.deepEqual([again.status, again.error.code], [409, 'source_gone']);
  });

  test('a source that a crash left after its row was marked as removed is a stale object', async () => {
    const videoId = await publish(1);
    const { sourceKey } = await videoOf(videoId);
    await server.context.database.models.Video.update(
      { sourceRemovedAt: new Date() },
      { where: { id: videoId } },
    );
    await settle(videoId);
    assert.equal((await run('leftovers', true)).result.items, 0);
    await makeOld(path.join('objects', sourceKey), 2);
    assert.equal((await run('leftovers', false)).result.items, 1);
    assert.equal(await server.context.store.stat(sourceKey), null);
  });

  test('uploads that were not finished in time go, in parts and as one PUT; others stay', async () => {
    const { models } = server.context.database;
    const single = await beginSingle(user);
    assert.equal(await put(single.url, new Uint8Array(7)), 200);
    const parts = await beginMultipart(user, PART + 5);
    assert.equal(await put(parts.plan.urls[1]?.url, new Uint8Array(5)), 200);
    const alive = await beginMultipart(user, PART + 5);
    assert.equal(await put(alive.plan.urls[1]?.url, new Uint8Array(5)), 200);
    const stale = [single.videoId, parts.videoId];
    await models.Upload.update({ expiresAt: new Date(0) }, { where: { videoId: stale } });
    const { now } = await jobOf('stale_uploads');
    assert.deepEqual([now?.items, now?.objects, now?.bytes], [2, 2, 12]);
    assert.equal((await run('stale_uploads', false)).result.items, 2);
    for (const id of stale) {
      assert.deepEqual([(await videoOf(id)).status, await keysOf(id)], ['canceled', []]);
    }
    assert.equal(await put(parts.plan.urls[0]?.url, new Uint8Array(PART)), 404);
    assert.equal(await put(alive.plan.urls[0]?.url, new Uint8Array(PART)), 200);
    assert.equal((await complete(user, alive.videoId)).status, 202);
  });

  test('an upload that continues is not aborted, however long it takes', async () => {
    const { models } = server.context.database;
    const { videoId } = await beginMultipart(user, PART + 5);
    const soon = new Date(Date.now() + 60_000);
    await models.Upload.update({ expiresAt: soon }, { where: { videoId } });
    await user.call('POST', `/videos/${videoId}/upload/parts`, { body: { part_numbers: [2] } });
    const { expiresAt } = await models.Upload.findByPk(videoId, { rejectOnEmpty: true });
    assert.ok(expiresAt.getTime() > soon.getTime() + DAY_MS);
  });

  test('an upload that the store opened and no row names goes with the stale one', async () => {
    const { models } = server.context.database;
    const { videoId } = await beginMultipart(user, PART + 5);
    const { sourceKey } = await videoOf(videoId);
    // as a server leaves it that dies between the two
    await models.Upload.update({ storeUploadId: null, expiresAt: new Date(0) }, { where: { videoId } });
    await run('stale_uploads', false);
    for await (const upload of server.context.store.listUploads(sourceKey)) assert.fail(upload.uploadId);
    assert.equal(await models.Upload.findByPk(videoId), null);
  });

  test('open uploads that no video knows are aborted after a day', async () => {
    const { store } = server.context;
    const plan = { contentType: 'video/mp4', partSizeBytes: PART, sizeBytes: 5 };
    const { videoId } = await beginMultipart(user, 5);
    const known = await (await videoOf(videoId)).sourceKey;
    const orphaned = [
      await store.createUpload('raw/1/gone.mp4', plan),
      await store.createUpload(known, plan),
    ];
    const young = await store.createUpload('raw/1/young.mp4', plan);
    for await (const { uploadId } of store.listUploads()) {
      if (uploadId !== young.uploadId) await makeOld(path.join('uploads', uploadId, 'upload.json'), 2);
    }
    assert.equal((await run('stray_uploads', true)).result.items, 2);
    assert.equal((await run('stray_uploads', false)).result.items, 2);
    for (const upload of orphaned) {
      await assert.rejects(store.listParts(upload), { code: 'upload_gone' });
    }
    assert.deepEqual(await store.listParts(young), []);
    assert.equal((await user.call('GET', `/videos/${videoId}/upload`)).status, 200);
  });

  test('what attempts that do not count made goes, whatever its age, and nothing that is published or not ours', async () => {
    for (const tagged of [true, false]) {
      const videoId = await publish(1, tagged);
      const before = await keysOf(videoId);
      const { planVersion } = await videoOf(videoId);
      const folder = await folderOf(videoId);
      const notes = `processed/${folder}/notes.txt`;
      const lost = [
        objectKeys.segment(folder, '720p', planVersion, 0, STALE_TAG),
        objectKeys.segment(folder, 'audio', planVersion, 99, STALE_TAG),
        objectKeys.init(folder, '720p', planVersion, STALE_TAG),
        objectKeys.init(folder, 'audio', planVersion - 1),
        objectKeys.segment(folder, 'audio', planVersion - 1, 7),
        objectKeys.cover(folder, planVersion, STALE_TAG),
        objectKeys.storyboard(folder, planVersion, STALE_TAG),
        objectKeys.storyboardSprite(objectKeys.storyboard(folder, planVersion - 1, STALE_TAG)),
      ];
      const foreign = [objectKeys.playlist(folder, '144p')];
      if (tagged) {
        lost.push(
          objectKeys.segment(folder, '720p', planVersion, 0),
          objectKeys.init(folder, '720p', planVersion),
        );
        foreign.push(objectKeys.cover(folder), objectKeys.storyboard(folder));
      }
      for (const key of [notes, ...lost, ...foreign]) await putObject(key, 0);
      await settle(videoId);
      const { result } = await run('leftovers', true);
      assert.deepEqual([result.items, result.objects], [2, lost.length + foreign.length]);
      assert.deepEqual((await run('leftovers', false)).result.objects, result.objects);
      assert.deepEqual(await keysOf(videoId), [...before, notes].sort());
      // a retry that began after the row was read
      await putObject(objectKeys.segment(folder, '720p', planVersion + 1, 7, STALE_TAG), 0);
      await putObject(objectKeys.playlist(folder, '144p'), 0);
      assert.equal((await run('leftovers', true)).result.items, 0);
    }
  });

  test('a video is looked at soon after it has ended, then ever more rarely, and others cost nothing', async () => {
    const videoId = await publish(0);
    const ended = await videoOf(videoId);
    const inMs = ({ cleanAfter }: VideoRow) => (cleanAfter?.getTime() ?? 0) - Date.now();
    assert.ok(inMs(ended) > 20_000 && inMs(ended) <= 60_000, `${inMs(ended)} ms`);
    const [early, late] = [STALE_TAG, '9-00000000000f'].map((tag) =>
      objectKeys.segment(videoFolder(ended), '720p', ended.planVersion, 0, tag),
    );
    assert.ok(early && late);
    await putObject(early, 0);
    const { models } = server.context.database;
    const listed: string[] = [];
    const store = {
      ...server.context.store,
      list: (prefix: string) => {
        listed.push(prefix);
        return server.context.store.list(prefix);
      },
    };
    const runDue = () =>
      runScheduled({ ...server.context, store }, RETENTION_JOBS.leftovers, AbortSignal.timeout(60_000));
    await models.Video.update({ cleanAfter: TOMORROW }, { where: {}, silent: true });
    await runDue();
    assert.equal(listed.length, 0, listed.join());

    await models.Video.update({ cleanAfter: new Date() }, { where: { id: videoId }, silent: true });
    await waitFor('it was looked at', async () => {
      await runDue();
      return inMs(await videoOf(videoId)) > 0;
    });
    assert.ok(
      listed.every((prefix) => prefix.includes(`/${videoFolder(ended)}/`)),
      listed.join(),
    );
    assert.equal(await server.context.store.stat(early), null);
    const looked = await videoOf(videoId);
    assert.ok(inMs(looked) > 50 * 60_000 && inMs(looked) < 70 * 60_000, `${inMs(looked)} ms`);
    assert.deepEqual(looked.updatedAt, ended.updatedAt, 'viewers see no change');

    // what arrives afterwards is found by a later look
    await putObject(late, 0);
    await models.Video.update({ cleanAfter: new Date() }, { where: { id: videoId }, silent: true });
    await waitFor('it was looked at again', async () => {
      await runDue();
      return (await server.context.store.stat(late)) === null;
    });
  });

  test('a failed video keeps its cover alone, and a retry that begins meanwhile loses nothing', async () => {
    const { models } = server.context.database;
    const videoId = await publish(1, true);
    const { coverKey, storyboardKey, planVersion } = await videoOf(videoId);
    assert.ok(coverKey && storyboardKey);
    const all = await keysOf(videoId);
    const raw = all.filter((key) => key.startsWith('raw/'));
    await models.Video.update({ status: 'failed' }, { where: { id: videoId } });
    await settle(videoId);
    const search = { position: videoId - 1, now: new Date(), everything: true };
    const { candidates } = await RETENTION_JOBS.leftovers.find(server.context, search);
    const own = candidates.filter((candidate) => candidate.videoId === videoId);
    assert.equal((await user.call('POST', `/videos/${videoId}/retry`)).status, 202);
    assert.equal((await videoOf(videoId)).planVersion, planVersion + 1);
    for (const candidate of own) await candidate.remove();
    const playlists = all.filter((key) => key.endsWith('.m3u8'));
    assert.ok(playlists.length > 4);
    const pictures = [coverKey, storyboardKey, objectKeys.storyboardSprite(storyboardKey)];
    // under these keys the retry would publish
    assert.deepEqual(await keysOf(videoId), [...raw, ...pictures, ...playlists].sort());
    assert.equal((await videoOf(videoId)).cleanAfter?.getTime(), TOMORROW.getTime());

    assert.equal((await user.call('POST', `/videos/${videoId}/cancel`)).status, 200);
    await settle(videoId);
    await run('leftovers', false);
    assert.deepEqual(await keysOf(videoId), [...raw, ...pictures].sort());
  });

  test('nothing is removed of a video that is transcoding, or online without one of its playlists', async () => {
    const { models } = server.context.database;
    const [open, broken] = [await publish(1, true), await publish(1, true)];
    await models.Video.update({ status: 'transcoding' }, { where: { id: open } });
    const { planVersion } = await videoOf(broken);
    const folder = await folderOf(broken);
    await server.context.store.remove([objectKeys.playlist(folder, '480p')]);
    await putObject(objectKeys.segment(folder, '720p', planVersion, 0, STALE_TAG), 0);
    await putObject(objectKeys.segment(await folderOf(open), '720p', planVersion - 1, 0), 2);
    for (const id of [open, broken]) await settle(id);
    const before = [await keysOf(open), await keysOf(broken)];
    assert.equal((await run('leftovers', false)).result.items, 0);
    assert.deepEqual([await keysOf(open), await keysOf(broken)], before);
    await models.Video.update({ status: 'canceled' }, { where: { id: [open, broken] } });
  });

  test('nothing is removed of a video whose playlists a late server has overwritten, and they are mended', async () => {
    const videoId = await publish(1, true);
    const before = await keysOf(videoId);
    const { planVersion } = await videoOf(videoId);
    const { store } = server.context;
    const key = objectKeys.playlist(await folderOf(videoId), '720p');
    const whole = await readSmallObject(store, key, PART);
    const late = Buffer.from(whole.toString().replaceAll(`_${planVersion}_`, `_${planVersion + 1}_`));
    assert.notDeepEqual(late, whole);
    await store.put(key, late, { contentType: 'text/plain', sizeBytes: late.length });
    await settle(videoId);
    await run('leftovers', true);
    assert.deepEqual(await readSmallObject(store, key, PART), late, 'a dry run');
    await run('leftovers', false);
    assert.deepEqual(await keysOf(videoId), before);
    assert.deepEqual(await readSmallObject(store, key, PART), whole);
  });

  test('one video that cannot be looked at keeps the job from none of the others', async () => {
    const { models } = server.context.database;
    const [broken, other] = [await publish(1, true), await publish(1, true)];
    const master = objectKeys.master(await folderOf(broken));
    const huge = Buffer.alloc(9 * 1024 ** 2, '#\n');
    await server.context.store.put(master, huge, { contentType: 'audio/mpegurl', sizeBytes: huge.length });
    const before = await keysOf(broken);
    const { planVersion } = await videoOf(other);
    const stale = objectKeys.segment(await folderOf(other), '720p', planVersion, 0, STALE_TAG);
    await putObject(stale, 0);
    await models.Video.update({ cleanAfter: TOMORROW }, { where: {}, silent: true });
    const due = { where: { id: [broken, other] }, silent: true };
    await models.Video.update({ cleanAfter: new Date() }, due);
    await waitFor('the other one was looked at', async () => {
      await runScheduled(server.context, RETENTION_JOBS.leftovers, AbortSignal.timeout(60_000));
      return (await server.context.store.stat(stale)) === null;
    });
    assert.deepEqual(await keysOf(broken), before);
    assert.ok(((await videoOf(broken)).cleanAfter?.getTime() ?? 0) > Date.now());
    await models.Video.update({ status: 'canceled' }, { where: { id: broken } });
  });

  test('folders that a crash left empty go with the stale objects', async () => {
    const videoId = await publish(1);
    const folder = await folderOf(videoId);
    const objects = path.join(server.dataDir, 'objects', 'objects', 'processed', String(folder));
    await mkdir(path.join(objects, 'hls_999p'));
    await settle(videoId);
    await run('leftovers', false);
    assert.ok(!(await readdir(objects)).includes('hls_999p'));
    assert.ok((await readdir(objects)).includes('hls_720p'));
  });

  test('a source that arrives after its upload was aborted goes; that of a canceled transcode stays', async () => {
    const late = await beginSingle(user);
    assert.equal((await user.call('DELETE', `/videos/${late.videoId}/upload`)).status, 204);
    // a disk ends the URL; a store that cannot would take it
    assert.equal(await put(late.url, new Uint8Array(4)), 403);
    await putObject((await videoOf(late.videoId)).sourceKey, 0);
    const kept = await uploadSomething(user);
    assert.equal((await user.call('POST', `/videos/${kept}/cancel`)).status, 200);
    for (const id of [late.videoId, kept]) {
      await makeOld(path.join('objects', (await videoOf(id)).sourceKey), 2);
      await settle(id);
    }
    const { items } = (await run('leftovers', false)).result;
    // the job that looks for late uploads by itself may have been first
    assert.ok(items <= 1, `${items} removed`);
    assert.deepEqual(await keysOf(late.videoId), []);
    assert.equal((await user.call('POST', `/videos/${kept}/retry`)).status, 202);
  });

  test('objects of a video that is not in the database go by hand only, and never those of a number to come', async () => {
    const { models } = server.context.database;
    const gone = await uploadSomething(user);
    const folder = String(await folderOf(gone));
    await putObject(`processed/${folder}/hls_720p/seg_1_00000.m4s`, 8);
    await makeOld(path.join('objects', (await videoOf(gone)).sourceKey), 8);
    await models.Video.destroy({ where: { id: gone } });
    await putObject(`raw/${folder}/young.mp4`, 6);
    const newest = await uploadSomething(user);
    // of a video of an earlier version that had this number before a restore
    await putObject(`raw/${newest}/another.mp4`, 8);
    await putObject(`raw/${newest + 1}/film.mp4`, 8);
    assert.equal((await jobOf('orphans')).scheduled, false);
    const signal = new AbortController().signal;
    await runScheduled(server.context, RETENTION_JOBS.orphans, signal);
    assert.equal((await keysOf(folder)).length, 3);

    const { result } = await run('orphans', true);
    assert.deepEqual([result.items, result.objects], [2, 3]);
    assert.equal((await run('orphans', false)).result.objects, 3);
    assert.deepEqual(await keysOf(folder), [`raw/${folder}/young.mp4`]);
    assert.deepEqual(await keysOf(newest), [(await videoOf(newest)).sourceKey]);
    assert.deepEqual(await keysOf(`${newest}`), []);
    assert.deepEqual(await keysOf(`${newest + 1}`), [`raw/${newest + 1}/film.mp4`]);
  });

  test('a job that is being run is not run once more', async () => {
    const { models } = server.context.database;
    const lease = await lockJob(models, RETENTION_JOBS.leftovers, { trigger: 'admin', position: 0 });
    assert.ok(lease);
    assert.equal((await jobOf('leftovers')).running, true);
    const body = { job: 'leftovers', dry_run: false };
    const answer = await admin.call('POST', '/admin/retention/run', { body });
    assert.deepEqual([answer.status, answer.error.code], [409, 'state_conflict']);
    assert.equal((await run('leftovers', true)).dry_run, true);
    await lease.fail(new Error('pulled the plug'));
    const { last_run: last, running } = await jobOf('leftovers');
    assert.deepEqual([running, last?.error], [false, 'pulled the plug']);
    await run('leftovers', false);
    // a server that died leaves a lease that runs out
    await lockJob(models, RETENTION_JOBS.leftovers, { trigger: 'admin', position: 0 });
    await models.RetentionJob.update({ leaseExpiresAt: new Date(0) }, { where: { name: 'leftovers' } });
    await run('leftovers', false);
  });

  test('the command line shows it, asks every job, and runs one', async () => {
    const config = await makeTemporaryFolder('retention-cli');
    try {
      const cli = (...args: string[]) => runReelmill(config.path, ['admin', 'retention', ...args]);
      const login = ['login', '--server', server.url, '--email', ADMIN.email, '--password-stdin'];
      assert.equal((await runReelmill(config.path, login, `${ADMIN.password}\n`)).code, 0);
      const videoId = await publish(31);
      const shown = await cli();
      assert.equal(shown.code, 0, shown.stderr);
      assert.match(shown.stdout, /^old_sources +1 item \(1 object, 3 B\)/m);
      assert.match(shown.stdout, /^orphans +see --dry-run \(off\)/m);
      const dry = await cli('--dry-run', '--json');
      const jobs = dry.stdout
        .trim()
        .split('\n')
        .map((line) => retentionRunResponseSchema.parse(JSON.parse(line)));
      assert.deepEqual(
        jobs.map(({ job }) => job),
        Object.keys(RETENTION_JOBS),
      );
      assert.ok(jobs.every(({ dry_run, next_position }) => dry_run && next_position === null));
      const ran = await cli('--run', '--job', 'old_sources');
      assert.match(ran.stdout, /^old_sources: removed 1 item \(1 object, 3 B\)$/m);
      assert.ok(!(await keysOf(videoId)).includes((await videoOf(videoId)).sourceKey));
      assert.equal((await cli('--run', '--dry-run')).code, 2);
      assert.equal((await cli('--job', 'everything')).code, 2);
      const refused = await runReelmill(config.path, ['retry', String(videoId)]);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /is not kept any more.*upload it again/);
    } finally {
      await config.remove();
    }
  });

  test('only an admin sees and does this, and nothing is removed by mistake', async () => {
    for (const answer of [
      await user.call('GET', '/admin/retention'),
      await user.call('POST', '/admin/retention/run', { body: { job: 'orphans' } }),
    ]) {
      assert.equal(answer.status, 403);
    }
    const answer = await admin.call('POST', '/admin/retention/run', { body: { job: 'orphans' } });
    assert.equal(answer.as(retentionRunResponseSchema).dry_run, true);
    const bad = await admin.call('POST', '/admin/retention/run', { body: { job: 'everything' } });
    assert.equal(bad.error.code, 'validation_failed');
  });
});
