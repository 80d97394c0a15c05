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

/** Videos as the API shows them to their owners and to admins. */
export async function describeVideos(context: Context, rows: readonly VideoRow[]): Promise<Video[]> {
  const transcodes = await readTranscodes(context.database.models, rows);
  return Promise.all(rows.map((row) => serializeVideo(context, row, transcodes.get(row.id))));
}

/** A video with its renditions, as `GET /videos/:id` shows it to its owner, and the row that says who may see it. */
export interface DescribedVideo {
  row: VideoRow;
  detail: VideoDetail;
}

/** Videos by their ids; one that is not there, or is deleted, is left out. */
export async function readDetails(
  context: Context,
  ids: readonly number[],
): Promise<Map<number, DescribedVideo>> {
  const rows = await findVideos(context.database.models, ids);
  const supplements = await readSupplements(context, [...rows.values()]);
  const described = [...rows.values()].map(async (row) => {
    return { row, detail: await describeDetail(context, row, supplements.get(row.id)) };
  });
  return new Map((await Promise.all(described)).map((one) => [one.row.id, one]));
}

/** What is told of a video and stands in other tables than its own. */
export interface Supplement {
  sources: readonly Attributes<VideoSourceRow>[];
  transcode: Transcode | undefined;
}

/** What is known of a transcode while it lasts. */
interface Transcode {
  progress: EncodeProgress | undefined;
  waiting: Waiting | undefined;
}

/** The supplements of all these videos, by their ids. */
export async function readSupplements(
  { database: { models } }: Pick<Context, 'database'>,
  rows: readonly VideoRow[],
): Promise<Map<number, Supplement>> {
  const ids = rows.map(({ id }) => id);
  const [sources, transcodes] = await Promise.all([findSources(models, ids), readTranscodes(models, rows)]);
  return new Map(ids.map((id) => [id, { sources: sources.get(id) ?? [], transcode: transcodes.get(id) }]));
}

/** All of one video. */
export async function describeDetail(
  context: Context,
  row: VideoRow,
  { sources, transcode }: Supplement = { sources: [], transcode: undefined },
): Promise<VideoDetail> {
  return {
    video: await serializeVideo(context, row, transcode),
    sources: sources.map((source) => serializeSource(context, row, source)),
  };
}

/** One of `describeVideos`. */
export async function describeVideo(context: Context, row: VideoRow): Promise<Video> {
  return at(await describeVideos(context, [row]), 0);
}

/**
 * What a guest sees of it. Field by field, so that nothing new of a video is told to strangers by itself; and without a
 * link, which a guest must not be able to renew.
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

async function serializeVideo(
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
  if (item === undefined) throw new Error('a video was not described');
  return item;
}
