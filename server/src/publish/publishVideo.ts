import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import {
  initName,
  objectKeys,
  segmentName,
  type VideoFolder,
  videoFolder,
} from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { tracing } from '@reelmill/shared/runtime/tracing.ts';
import type { Transaction } from 'sequelize';
import { readTime } from '../clock/heartbeat.ts';
import type { FarmContext } from '../context/farmContext.ts';
import type { Models } from '../db/models.ts';
import type { VideoRow } from '../db/rows.ts';
import { creatorMessage } from '../transcode/creatorMessage.ts';
import { completeTranscode, failTranscode } from '../transcode/lifecycle.ts';
import { planAsSingleChunk } from '../transcode/planTasks.ts';
import { type AssembledVideo, assembleVideo, type TaggedSegment } from './assembleVideo.ts';
import { addBandwidth, bandwidthOf, masterPlaylist, mediaPlaylist } from './playlists.ts';

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
/** The author of the verdict that the outputs cannot be assembled, in place of a worker's id. */
const ASSEMBLER_ID = 'server';

/**
 * Publishes a video whose tasks are all done: writes the playlists, then the sources and `online` in one transaction.
 * Where the outputs cannot be assembled, plans the video again as one chunk, or fails it. Idempotent, also on two servers
 * concurrently. Throws where store or database are unavailable.
 */
export async function publishVideo(context: FarmContext, video: VideoRow): Promise<void> {
  const { plan } = video;
  if (plan === null) throw new Error(`video ${video.id} is finalizing without a plan`);
  const tasks = await context.database.models.Task.findAll({
    attributes: ['spec', 'result', 'requestId', 'traceparent'],
    where: { videoId: video.id, planVersion: plan.version, state: 'done' },
  });
  // all tasks of a plan belong to the same request
  const { requestId = null, traceparent } = tasks.at(-1) ?? {};
  const assembly = assembleVideo(plan, tasks);
  if (!assembly.ok) {
    await rejectAssembly(context, { videoId: video.id, requestId, reason: assembly.reason });
    return;
  }
  const fields = { request_id: requestId, video_id: video.id };
  const online = await tracing.span('publish', { parent: traceparent, attributes: fields }, async () => {
    await writePlaylists(context.store, videoFolder(video), plan, assembly.video);
    return setOnline(context, video, plan, assembly.video);
  });
  if (!online) return restorePlaylists(context, video.id);
  context.logger.info(fields, 'video online');
  const { transcodeStartedAt } = video;
  if (transcodeStartedAt) context.metrics.videoOnline((Date.now() - transcodeStartedAt.getTime()) / 1000);
  context.signals.videoChanged(video.id);
}

/**
 * Writes the playlists of an online video again. A server that is too late to publish has overwritten them with those of an
 * outdated plan: another plan may be online in the meantime (this server was suspended, and the owner canceled and
 * retried). If it ends before this call, the clean-up job repairs the playlists. Does nothing where the video is not online.
 */
export async function restorePlaylists(
  { database, store, logger }: Pick<FarmContext, 'database' | 'store' | 'logger'>,
  videoId: number,
): Promise<void> {
  const video = await database.models.Video.findByPk(videoId);
  if (video?.status !== 'online' || video.plan === null) return;
  const tasks = await database.models.Task.findAll({
    attributes: ['spec', 'result'],
    where: { videoId: video.id, planVersion: video.planVersion, state: 'done' },
  });
  const assembly = assembleVideo(video.plan, tasks);
  if (!assembly.ok)
    throw new Error(`video ${video.id} is online but cannot be assembled: ${assembly.reason}`);
  await writePlaylists(store, videoFolder(video), video.plan, assembly.video);
  logger.warn({ video_id: video.id }, 'playlists restored');
}

async function writePlaylists(
  store: ObjectStore,
  folder: VideoFolder,
  plan: EncodePlan,
  video: AssembledVideo,
): Promise<void> {
  const write = async (key: string, body: string): Promise<void> => {
    const bytes = Buffer.from(body);
    await store.put(key, bytes, { contentType: PLAYLIST_TYPE, sizeBytes: bytes.length });
  };
  const writeMedia = (name: string, segments: readonly TaggedSegment[]): Promise<void> =>
    write(
      objectKeys.playlist(folder, name),
      mediaPlaylist({
        segments,
        initUri: initName(plan.version, segments[0]?.tag),
        segmentUri: ({ index, tag }) => segmentName(plan.version, index, tag),
        type: 'VOD',
        ended: true,
      }),
    );
  await Promise.all([
    ...video.renditions.map(({ rendition, segments }) => writeMedia(rendition.quality, segments)),
    ...(video.audio === null ? [] : [writeMedia('audio', video.audio.segments)]),
  ]);
  // the master last: everything that it lists exists by then
  await write(objectKeys.master(folder), buildMaster(plan, video));
}

function buildMaster(plan: EncodePlan, video: AssembledVideo): string {
  return masterPlaylist({
    variants: buildSources(plan, video).map((source) => ({
      ...source,
      uri: `hls_${source.quality}/${source.quality}.m3u8`,
      codecs: source.videoCodecs,
      frameRate: plan.facts.video.outputFrameRate,
    })),
    audio: video.audio && { ...video.audio, uri: 'hls_audio/audio.m3u8' },
  });
}

/** Returns the rows of `video_sources` and the variants of the master playlist; bit rates include the audio. */
function buildSources(plan: EncodePlan, video: AssembledVideo) {
  const audioBandwidth = video.audio && bandwidthOf(video.audio.segments);
  const { num, den } = plan.facts.video.outputFrameRate;
  return video.renditions.map(({ rendition, codecs, segments }) => {
    const bandwidth = addBandwidth(bandwidthOf(segments), audioBandwidth);
    return {
      quality: rendition.quality,
      width: rendition.width,
      height: rendition.height,
      frameRate: num / den,
      bandwidth: bandwidth.peak,
      averageBandwidth: bandwidth.average,
      videoCodecs: codecs,
      codecs: video.audio === null ? codecs : `${codecs},${video.audio.codecs}`,
    };
  });
}

/** Returns false where the video must not be published any more, or another server has published it. */
async function setOnline(
  context: FarmContext,
  video: VideoRow,
  plan: EncodePlan,
  assembled: AssembledVideo,
): Promise<boolean> {
  const { models } = context.database;
  const { id } = video;
  const onlineAt = await readTime(context.database);
  return context.database.transaction(async (transaction) => {
    const { durationSeconds } = assembled;
    const end = { planVersion: plan.version, durationSeconds, onlineAt };
    if (!(await completeTranscode({ models, transaction, video, ...end }))) return false;
    await models.VideoSource.destroy({ where: { videoId: id }, transaction });
    await models.VideoSource.bulkCreate(
      buildSources(plan, assembled).map(({ videoCodecs: _, ...source }) => ({
        ...source,
        videoId: id,
        format: 'HLS' as const,
        key: objectKeys.playlist(videoFolder(video), source.quality),
      })),
      { transaction },
    );
    return true;
  });
}

/**
 * Plans a video again as a single chunk, which needs no joining, after its outputs could not be assembled; a single chunk is
 * encoded once more, and then the video fails.
 */
async function rejectAssembly(
  context: FarmContext,
  failure: { videoId: number; requestId: string | null; reason: string },
): Promise<void> {
  const { videoId, requestId, reason } = failure;
  const { models } = context.database;
  context.logger.warn({ request_id: requestId, video_id: videoId, reason }, 'assembly failed');
  await context.database.transaction(async (transaction) => {
    const video = await models.Video.findOne({
      where: { id: videoId, status: 'transcoding', phase: 'finalizing' },
      transaction,
      lock: transaction.LOCK.UPDATE,
    });
    if (video === null) return;
    const { CHUNK_SECONDS } = context.config;
    const change = { models, transaction, video };
    const code = 'frame_count_mismatch';
    const isFirst = video.plan?.chunks.length === 1 && !(await wasAlreadyRetried(models, video, transaction));
    const verdicts = isFirst ? { verdicts: [{ code, workerId: ASSEMBLER_ID }] as const } : {};
    const plan = { ...change, ...verdicts, requestId, chunkSeconds: CHUNK_SECONDS };
    if ((await planAsSingleChunk(plan)) !== null) return;
    const message = creatorMessage({ code, message: reason });
    const { metrics } = context;
    await failTranscode({ ...change, metrics, failure: { code, message, diagnostics: reason } });
  });
  context.signals.tasksWaiting();
  context.signals.videoChanged(videoId);
}

/** Whether this plan already follows a `frame_count_mismatch`. */
async function wasAlreadyRetried(
  models: Models,
  video: VideoRow,
  transaction: Transaction,
): Promise<boolean> {
  const { id: videoId, planVersion } = video;
  const where = { videoId, planVersion, kind: 'encode' } as const;
  const tasks = await models.Task.findAll({ attributes: ['verdicts'], where, transaction });
  return tasks.some(({ verdicts }) => verdicts?.some(({ code }) => code === 'frame_count_mismatch'));
}
