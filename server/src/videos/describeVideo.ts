import type { Video, VideoDetail, VideoSource } from '@reelmill/shared/contracts/videos.ts';
import type { Attributes } from 'sequelize';
import type { VideoRow, VideoSourceRow } from '../db/rows.ts';
import type { ServerContext } from '../http/context.ts';
import { type EncodeProgress, estimateEtaSeconds } from './eta.ts';
import { videoFacts } from './videoFacts.ts';
import { findEncodeProgress, findSources, findVideos } from './videoRepository.ts';

type Context = Pick<ServerContext, 'database' | 'playbackUrls'>;

/** Videos as the API shows them, to somebody who may see them. */
export async function describeVideos(context: Context, rows: readonly VideoRow[]): Promise<Video[]> {
  const transcoding = rows.filter((row) => row.status === 'transcoding');
  const progress =
    transcoding.length === 0
      ? new Map<number, EncodeProgress>()
      : await findEncodeProgress(context.database.models, transcoding);
  return Promise.all(rows.map((row) => serializeVideo(context, row, progress.get(row.id))));
}

/** A video with its renditions, as `GET /videos/:id` answers it, and the row that says who may see it. */
export interface DescribedVideo {
  row: VideoRow;
  detail: VideoDetail;
}

/** Videos by their ids; one that is not there, or is deleted, is left out. */
export async function readDetails(
  context: Context,
  ids: readonly number[],
): Promise<Map<number, DescribedVideo>> {
  const { models } = context.database;
  const [rows, sources] = await Promise.all([findVideos(models, ids), findSources(models, ids)]);
  const videos = await describeVideos(context, rows);
  return new Map(
    rows.map((row, index) => {
      const renditions = (sources.get(row.id) ?? []).map((source) => serializeSource(context, source));
      return [row.id, { row, detail: { video: at(videos, index), sources: renditions } }];
    }),
  );
}

/** One of `describeVideos`. */
export async function describeVideo(context: Context, row: VideoRow): Promise<Video> {
  return at(await describeVideos(context, [row]), 0);
}

/** The same for a guest, who must not be able to renew or pass on the link of a private video's watch page. */
export function withoutLink({ video, sources }: VideoDetail): VideoDetail {
  return { video: { ...video, watch_url: video.watch_url.split('?', 1).join('') }, sources };
}

async function serializeVideo(
  { playbackUrls }: Context,
  row: VideoRow,
  progress: EncodeProgress | undefined,
): Promise<Video> {
  return {
    ...videoFacts(row),
    eta_seconds: estimateEtaSeconds(progress, Date.now()),
    cover_url: await playbackUrls.coverUrl(row),
    storyboard_url: playbackUrls.storyboardUrl(row),
    playback_url: playbackUrls.playbackUrl(row),
    watch_url: playbackUrls.watchUrl(row),
  };
}

function serializeSource({ playbackUrls }: Context, row: Attributes<VideoSourceRow>): VideoSource {
  return {
    quality: row.quality,
    format: row.format,
    url: playbackUrls.sourceUrl({ id: row.videoId }, row.quality),
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
