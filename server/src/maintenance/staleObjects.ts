import { objectKeys, planVersionInKey, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { StoredObject } from '@reelmill/shared/ports/objectStore.ts';
import { Op } from 'sequelize';
import type { VideoRow } from '../db/rows.ts';
import { restorePlaylists } from '../publish/publishVideo.ts';
import { LATE_WRITES_MS } from '../transcode/cleanUp.ts';
import { collectCandidates, type StaleObject } from './candidates.ts';
import {
  type Candidate,
  DAY_MS,
  HOUR_MS,
  nextPositionAfter,
  type RetentionContext,
  type RetentionJob,
} from './job.ts';
import { findPublishedKeys, type PlaylistFault } from './publishedKeys.ts';

const PAGE = 20;
/** Whoever could still accept a source has done so by then. */
const MIN_SOURCE_AGE_MS = DAY_MS;
const RETRY_MS = 60_000;
const ENDED = ['online', 'failed', 'canceled'] as const satisfies VideoRow['status'][];
const COLUMNS = [
  'id',
  'objectFolder',
  'status',
  'planVersion',
  'coverKey',
  'storyboardKey',
  'sourceKey',
  'sourceRemovedAt',
  'transcodeStartedAt',
  'createdAt',
] as const satisfies (keyof VideoRow)[];

type Video = Pick<VideoRow, (typeof COLUMNS)[number]>;

/**
 * Objects that a video which has ended has no use for: what attempts made that do not count, also of earlier plans, and
 * sources that were removed or not accepted. A video is looked at soon after it has ended, again whenever somebody whose
 * lease is over is heard of, and otherwise after pauses that double: what that costs grows with the number of transcodes.
 * Videos that are transcoding are left alone; so whoever is at work on an open task loses nothing.
 */
export const staleObjects: RetentionJob = {
  name: 'leftovers',
  description: 'remove what attempts that do not count and late uploads left behind',
  pollMs: 10_000,
  intervalMs: 0,
  listsStorage: true,
  isScheduled: () => true,

  async find(context, { position, now, everything }) {
    const due = { cleanAfter: { [Op.lte]: now } };
    const quiet = { updatedAt: { [Op.lt]: new Date(now.getTime() - LATE_WRITES_MS) } };
    const videos = await context.database.models.Video.findAll({
      attributes: [...COLUMNS],
      where: {
        id: { [Op.gt]: position },
        status: [...ENDED],
        deletedAt: null,
        ...(everything ? { [Op.or]: [due, quiet] } : due),
      },
      order: [['id', 'ASC']],
      limit: PAGE,
    });
    const candidates: Candidate[] = [];
    for (const video of videos) {
      const found = await lookAt(context, video, now).catch(async (error: unknown) => {
        // of a store that is away there is nothing to say of one video
        await context.store.check();
        return [failedLook(context, video, { error, now })];
      });
      candidates.push(...found);
    }
    return { candidates, nextPosition: nextPositionAfter(videos, PAGE) };
  },
};

/** What is to go of one video, and at last, without a key, that it was looked at; wrong playlists are repaired then. */
async function lookAt(context: RetentionContext, video: Video, now: Date): Promise<Candidate[]> {
  const { store } = context;
  const { own, shared, fault } = await findStaleObjects(context, video);
  const found = [
    ...(await collectCandidates(store, video.id, own)),
    ...(await collectCandidates(
      { remove: (keys) => removeUnlessRetried(context, video, keys) },
      video.id,
      shared,
    )),
    ...(await collectCandidates(store, video.id, staleSources(context, video, now))),
  ];
  let left = found.length;
  const look: Candidate = {
    videoId: video.id,
    key: null,
    objects: 0,
    sizeBytes: 0,
    since: now,
    reason: 'looked at',
    remove: async () => {
      if (fault === 'of_another_plan') {
        await restorePlaylists(context, video.id);
        left += 1;
      }
      await store.prune(objectKeys.processedPrefix(videoFolder(video)));
      await planNextLook(
        context,
        video,
        left === 0 ? nextLook(video, now) : new Date(now.getTime() + RETRY_MS),
      );
    },
  };
  const counted = found.map((candidate) => ({
    ...candidate,
    remove: async () => {
      await candidate.remove();
      left -= 1;
    },
  }));
  return [...counted, look];
}

/** One video of which the store does not give what it has: it holds up no other, and is retried later. */
function failedLook(
  context: RetentionContext,
  video: Video,
  { error, now }: { error: unknown; now: Date },
): Candidate {
  return {
    videoId: video.id,
    key: null,
    objects: 0,
    sizeBytes: 0,
    since: now,
    reason: 'cannot be looked at',
    remove: async () => {
      await planNextLook(context, video, new Date(now.getTime() + HOUR_MS));
      throw error;
    },
  };
}

/** After as long a pause as the video is old, and no less than an hour. */
export function nextLook(
  { transcodeStartedAt, createdAt }: Pick<Video, 'transcodeStartedAt' | 'createdAt'>,
  now: Date,
): Date {
  const age = now.getTime() - (transcodeStartedAt ?? createdAt).getTime();
  return new Date(now.getTime() + Math.max(HOUR_MS, age));
}

/** Does nothing where the video was begun anew, or somebody was heard of, since it was found. */
async function planNextLook({ database }: RetentionContext, video: Video, cleanAfter: Date): Promise<void> {
  const { id, status, planVersion } = video;
  await database.models.Video.update(
    { cleanAfter },
    {
      where: {
        id,
        status,
        planVersion,
        [Op.or]: [{ cleanAfter: null }, { cleanAfter: { [Op.lte]: new Date() } }],
      },
      silent: true,
    },
  );
}

/**
 * Objects under `processed/` that nothing names. `own` have keys that no later plan writes; `shared` ones, playlists and
 * the pictures of earlier versions, have not. What Reelmill does not write stays.
 */
async function findStaleObjects(
  { store, logger }: RetentionContext,
  video: Video,
): Promise<{ own: StaleObject[]; shared: StaleObject[]; fault: PlaylistFault | null }> {
  const own: StaleObject[] = [];
  const shared: StaleObject[] = [];
  const published = await findPublishedKeys(store, video);
  if (typeof published === 'string') {
    const fields = { video_id: video.id, fault: published };
    logger.error(fields, 'playlists of an online video are not its own, nothing of it removed');
    return { own, shared, fault: published };
  }
  let isRetried = false;
  for await (const object of store.list(objectKeys.processedPrefix(videoFolder(video)))) {
    const version = planVersionInKey(object.key);
    if (version === undefined || published.has(object.key)) continue;
    if (version === null) shared.push({ object, reason: 'playlists and pictures of an earlier transcode' });
    else if (version <= video.planVersion) own.push({ object, reason: 'made by attempts that do not count' });
    else isRetried = true;
  }
  return { own, shared: isRetried ? [] : shared, fault: null };
}

/** A retry would publish under the same keys; while its row is locked none begins, and so none publishes. */
async function removeUnlessRetried(
  { database, store }: RetentionContext,
  { id, status, planVersion }: Video,
  keys: readonly string[],
): Promise<void> {
  await database.transaction(async (transaction) => {
    const where = { id, status, planVersion };
    const lock = transaction.LOCK.UPDATE;
    const video = await database.models.Video.findOne({ attributes: ['id'], where, transaction, lock });
    if (video !== null) await store.remove(keys);
  });
}

async function* staleSources(
  { store, database }: RetentionContext,
  video: Video,
  now: Date,
): AsyncGenerator<StaleObject> {
  const writtenBefore = new Date(now.getTime() - MIN_SOURCE_AGE_MS);
  const isOld = ({ lastModified }: StoredObject): boolean => lastModified < writtenBefore;
  // of an upload that is still to be aborted: that removes the source as well
  if ((await database.models.Upload.count({ where: { videoId: video.id } })) > 0) return;
  const reason = reasonToDropSource(video);
  if (video.objectFolder === null) {
    const source = reason === null ? null : await store.stat(video.sourceKey);
    if (source !== null && isOld(source)) yield { object: source, reason: reason ?? '' };
    return;
  }
  // once there is no upload, the source is the one that was accepted: it may have been so since the row was read
  const accepted = await database.models.Video.findByPk(video.id, { attributes: ['sourceKey'] });
  for await (const object of store.list(objectKeys.rawPrefix(video.objectFolder))) {
    const why = object.key === accepted?.sourceKey ? reason : 'not the source that was accepted';
    if (why !== null && isOld(object)) yield { object, reason: why };
  }
}

/** Null where the source is, or may be, of use. */
export function reasonToDropSource({
  status,
  sourceRemovedAt,
  transcodeStartedAt,
}: Pick<Video, 'status' | 'sourceRemovedAt' | 'transcodeStartedAt'>): string | null {
  if (sourceRemovedAt !== null) return 'a source that was to be removed';
  // a video that was canceled later keeps its source, for it can be transcoded again
  if (status === 'canceled' && transcodeStartedAt === null)
    return 'a source that came after its upload ended';
  return null;
}
