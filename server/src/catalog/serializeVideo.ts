import type {
  GuestVideoDetail,
  Video,
  VideoDetail,
  VideoSource,
  Waiting,
} from '@reelmill/shared/contracts/videos.ts';
import type { Attributes } from 'sequelize';
import type { ServerContext } from '../context/serverContext.ts';
import type { Models } from '../db/models.ts';
import type { VideoRow, VideoSourceRow } from '../db/rows.ts';
import { type EncodeProgress, estimateEtaSeconds } from './eta.ts';
import { videoFacts } from './videoFacts.ts';
import { findEncodeProgress, findSources, findVideos } from './videoRepository.ts';
import { findWaiting } from './waiting.ts';

type Context = Pick<ServerContext, 'database' | 'playbackUrls'>;

/** Returns videos as the API shows them to their owners and to admins. */
export async function serializeVideos(context: Context, rows: readonly VideoRow[]): Promise<Video[]> {
  const transcodes = await readTranscodes(context.database.models, rows);
  return Promise.all(rows.map((row) => serializeRow(context, row, transcodes.get(row.id))));
}

/** A video with its renditions, as `GET /videos/:id` returns it to its owner, and the row that decides about access. */
export interface SerializedVideo {
  row: VideoRow;
  detail: VideoDetail;
}

/** Returns videos by their ids, without missing and deleted ones. */
export async function readDetails(
  context: Context,
  ids: readonly number[],
): Promise<Map<number, SerializedVideo>> {
  const rows = await findVideos(context.database.models, ids);
  const supplements = await readSupplements(context, [...rows.values()]);
  const serialized = [...rows.values()].map(async (row) => {
    return { row, detail: await serializeDetail(context, row, supplements.get(row.id)) };
  });
  return new Map((await Promise.all(serialized)).map((one) => [one.row.id, one]));
}

/** Data of a video from other tables. */
export interface Supplement {
  sources: readonly Attributes<VideoSourceRow>[];
  transcode: Transcode | undefined;
}

/** State of a transcode in progress. */
interface Transcode {
  progress: EncodeProgress | undefined;
  waiting: Waiting | undefined;
}

/** Returns the supplements of these videos by their ids. */
export async function readSupplements(
  { database: { models } }: Pick<Context, 'database'>,
  rows: readonly VideoRow[],
): Promise<Map<number, Supplement>> {
  const ids = rows.map(({ id }) => id);
  const [sources, transcodes] = await Promise.all([findSources(models, ids), readTranscodes(models, rows)]);
  return new Map(ids.map((id) => [id, { sources: sources.get(id) ?? [], transcode: transcodes.get(id) }]));
}

/** Returns one video with its renditions, for its owner. */
export async function serializeDetail(
  context: Context,
  row: VideoRow,
  { sources, transcode }: Supplement = { sources: [], transcode: undefined },
): Promise<VideoDetail> {
  return {
    video: await serializeRow(context, row, transcode),
    sources: sources.map((source) => serializeSource(context, row, source)),
  };
}

/** Like `serializeVideos`, of one video. */
export async function serializeVideo(context: Context, row: VideoRow): Promise<Video> {
  return at(await serializeVideos(context, [row]), 0);
}

/**
 * Returns what a guest may see. It lists each field, so that a new field of videos is not exposed by accident, and has no
 * link, since a guest must not be able to renew one.
 */
export function forGuest({ video, sources }: VideoDetail): GuestVideoDetail {
  return {
    video: {
      title: video.title,
      description: video.description,
      status: video.status,
      duration: video.duration,
      cover_url: video.cover_url,
      storyboard_url: video.storyboard_url,
      playback_url: video.playback_url,
    },
    sources: sources.map(({ quality, format, url }) => ({ quality, format, url })),
  };
}

async function readTranscodes(
  models: Models,
  rows: readonly VideoRow[],
): Promise<ReadonlyMap<number, Transcode>> {
  const videos = rows.filter((row) => row.status === 'transcoding');
  if (videos.length === 0) return new Map();
  const [progress, waiting] = await Promise.all([
    findEncodeProgress(models, videos),
    findWaiting(models, videos, new Date()),
  ]);
  return new Map(videos.map(({ id }) => [id, { progress: progress.get(id), waiting: waiting.get(id) }]));
}

async function serializeRow(
  { playbackUrls }: Context,
  row: VideoRow,
  transcode: Transcode | undefined,
): Promise<Video> {
  return {
    ...videoFacts(row),
    eta_seconds: transcode?.waiting ? null : estimateEtaSeconds(transcode?.progress, Date.now()),
    waiting: transcode?.waiting ?? null,
    cover_url: await playbackUrls.coverUrl(row),
    storyboard_url: playbackUrls.storyboardUrl(row),
    playback_url: playbackUrls.playbackUrl(row),
    watch_url: playbackUrls.watchUrl(row),
    legacy_link_until: playbackUrls.legacyLinkUntil(row)?.toISOString() ?? null,
  };
}

function serializeSource(
  { playbackUrls }: Context,
  video: VideoRow,
  row: Attributes<VideoSourceRow>,
): VideoSource {
  return {
    quality: row.quality,
    format: row.format,
    url: playbackUrls.sourceUrl(video, row.quality),
    key: row.key,
    width: row.width,
    height: row.height,
    frame_rate: row.frameRate,
    bandwidth: row.bandwidth,
    average_bandwidth: row.averageBandwidth,
    codecs: row.codecs,
  };
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error('a video was not serialized');
  return item;
}
