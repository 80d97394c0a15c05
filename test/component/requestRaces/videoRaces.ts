import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPEN_TASK_STATES } from '@reelmill/server/state/taskState.ts';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ApiResponse, ApiUser } from '../../support/apiClient.ts';
import { outcomeOf, type RaceStage, repeat } from '../../support/raceStage.ts';
import { beginMultipart, beginSingle, complete, put, uploadSomething } from '../../support/uploads.ts';

const ROUNDS = 6;

/** A video in the state that a race begins with. */
type Prepare = (stage: RaceStage, user: ApiUser) => Promise<number>;
type Call = (user: ApiUser, videoId: number) => Promise<ApiResponse>;

async function uploaded(_stage: RaceStage, user: ApiUser): Promise<number> {
  const { videoId, url } = await beginSingle(user);
  assert.equal(await put(url, new Uint8Array([1, 2, 3])), 200);
  return videoId;
}

async function uploadedInParts(_stage: RaceStage, user: ApiUser): Promise<number> {
  const { videoId, plan } = await beginMultipart(user, 3);
  assert.equal(await put(plan.urls[0]?.url, new Uint8Array([1, 2, 3])), 200);
  return videoId;
}

const transcoding: Prepare = (_stage, user) => uploadSomething(user);

async function failed({ models }: RaceStage, user: ApiUser): Promise<number> {
  const videoId = await uploadSomething(user);
  await models.Task.update({ state: 'failed' }, { where: { videoId } });
  await models.Video.update({ status: 'failed', phase: null }, { where: { id: videoId } });
  return videoId;
}

async function unlisted(stage: RaceStage, user: ApiUser): Promise<number> {
  const videoId = await failed(stage, user);
  await user.call('PATCH', `/videos/${videoId}`, { body: { visibility: 'unlisted' } });
  return videoId;
}

const cancel: Call = (user, id) => user.call('POST', `/videos/${id}/cancel`);
const abort: Call = (user, id) => user.call('DELETE', `/videos/${id}/upload`);
const retry: Call = (user, id) => user.call('POST', `/videos/${id}/retry`);
const remove: Call = (user, id) => user.call('DELETE', `/videos/${id}`);
const rename: Call = (user, id) => user.call('PATCH', `/videos/${id}`, { body: { title: 'renamed' } });
const hide: Call = (user, id) => user.call('PATCH', `/videos/${id}`, { body: { visibility: 'private' } });
const renewLink: Call = (user, id) => user.call('POST', `/videos/${id}/renew-link`);
const listParts: Call = (user, id) => user.call('GET', `/videos/${id}/upload`);
const signParts: Call = (user, id) =>
  user.call('POST', `/videos/${id}/upload/parts`, { body: { part_numbers: [1] } });

/** Two calls about one video, and each pair of outcomes that calls one after the other could have as well. */
const PAIRS: Record<string, { prepare: Prepare; calls: [Call, Call]; allowed: string[] }> = {
  'complete and cancel': {
    prepare: uploaded,
    calls: [complete, cancel],
    allowed: ['409 upload_gone, 200', '202, 409 state_conflict', '202, 200'],
  },
  'complete and abort, in parts': {
    prepare: uploadedInParts,
    calls: [complete, abort],
    allowed: ['409 upload_gone, 204', '202, 409 state_conflict'],
  },
  'two completes': { prepare: uploaded, calls: [complete, complete], allowed: ['202, 202'] },
  'two completes, in parts': {
    prepare: uploadedInParts,
    calls: [complete, complete],
    allowed: ['202, 202'],
  },
  'complete and delete': {
    prepare: uploaded,
    calls: [complete, remove],
    allowed: ['202, 204', '404 not_found, 204'],
  },
  'listing of parts and complete': {
    prepare: uploadedInParts,
    calls: [listParts, complete],
    allowed: ['200, 202', '409 state_conflict, 202'],
  },
  'signing of parts and abort': {
    prepare: uploadedInParts,
    calls: [signParts, abort],
    allowed: ['200, 204', '409 upload_gone, 204'],
  },
  'two cancels of an upload': { prepare: uploaded, calls: [cancel, cancel], allowed: ['200, 200'] },
  'two cancels of a transcode': { prepare: transcoding, calls: [cancel, cancel], allowed: ['200, 200'] },
  'cancel and retry': {
    prepare: transcoding,
    calls: [cancel, retry],
    allowed: ['200, 202', '200, 409 state_conflict'],
  },
  'cancel and retry of a failed video': {
    prepare: failed,
    calls: [cancel, retry],
    allowed: ['200, 202', '409 state_conflict, 202'],
  },
  'cancel and delete': {
    prepare: transcoding,
    calls: [cancel, remove],
    allowed: ['200, 204', '404 not_found, 204'],
  },
  'two retries': {
    prepare: failed,
    calls: [retry, retry],
    allowed: ['202, 409 state_conflict', '409 state_conflict, 202'],
  },
  'retry and delete': {
    prepare: failed,
    calls: [retry, remove],
    allowed: ['202, 204', '404 not_found, 204'],
  },
  'change and delete': {
    prepare: failed,
    calls: [rename, remove],
    allowed: ['200, 204', '404 not_found, 204'],
  },
  'change and retry': { prepare: failed, calls: [rename, retry], allowed: ['200, 202'] },
  'two deletes': {
    prepare: failed,
    calls: [remove, remove],
    allowed: ['204, 204', '204, 404 not_found', '404 not_found, 204'],
  },
  'two new links': { prepare: unlisted, calls: [renewLink, renewLink], allowed: ['200, 200'] },
  'a new link and the end of all links': {
    prepare: unlisted,
    calls: [renewLink, hide],
    allowed: ['200, 200'],
  },
};

/** What users can do to one video at the same time: no failure of ours, and no state that nobody asked for. */
export function videoRaces(open: () => RaceStage): void {
  for (const [name, { prepare, calls, allowed }] of Object.entries(PAIRS)) {
    test(`${name}, at once, end as one after the other`, async () => {
      const stage = open();
      const user = await stage.addUser();
      const twin = stage.elsewhere(user);
      await repeat(ROUNDS, async (round) => {
        const videoId = await prepare(stage, user);
        const [here, there] = round % 2 === 0 ? [user, twin] : [twin, user];
        const answers = await Promise.all([calls[0](here, videoId), calls[1](there, videoId)]);
        const outcome = answers.map(outcomeOf).join(', ');
        assert.ok(allowed.includes(outcome), `round ${round}: ${outcome}`);
        await assertWhole(stage, videoId);
      });
    });
  }

  test('links are revoked while guests watch, and those that were revoked open nothing afterwards', async () => {
    const stage = open();
    const user = await stage.addUser();
    const videoId = await unlisted(stage, user);
    for (let round = 0; round < ROUNDS; round += 1) {
      const { video } = (await user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);
      const { search } = new URL(video.watch_url);
      const watch = () =>
        stage.apis[0]?.call('GET', `/videos/${videoId}${search}`) ?? assert.fail('no server');
      const [renewed, seen] = await Promise.all([renewLink(user, videoId), watch()]);
      assert.equal(renewed.status, 200);
      assert.match(outcomeOf(seen), /^(200|403 signature_invalid)$/);
      assert.equal((await watch()).status, 403);
    }
  });
}

/** What is true of a video at any time, whatever was asked for: its state, its tasks, its upload and its objects agree. */
async function assertWhole({ models, store }: RaceStage, videoId: number): Promise<void> {
  const video = await models.Video.findByPk(videoId, { rejectOnEmpty: true });
  const tasks = await models.Task.findAll({ where: { videoId, state: [...OPEN_TASK_STATES] } });
  const upload = await models.Upload.findByPk(videoId);
  const works = video.status === 'transcoding';
  assert.deepEqual(
    tasks.map(({ kind, planVersion }) => [kind, planVersion]),
    works ? [['inspect', video.planVersion]] : [],
    `open tasks of a video that is ${video.status}`,
  );
  assert.ok(!(works && video.deletedAt !== null), 'a deleted video is transcoding');
  if (video.transcodeStartedAt !== null) {
    assert.equal(upload, null, 'a complete upload is still open');
    assert.equal((await store.stat(video.sourceKey))?.sizeBytes, Number(video.sizeBytes));
  }
  if (video.status === 'canceled' && video.transcodeStartedAt === null) {
    assert.equal(upload, null, 'an aborted upload is still open');
    const left: string[] = [];
    for await (const { key } of store.list(`raw/${videoFolder(video)}/`)) left.push(key);
    assert.deepEqual(left, [], 'objects of an aborted upload');
  }
}
