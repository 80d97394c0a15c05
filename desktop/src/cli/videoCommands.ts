import type { Video } from '@reelmill/shared/contracts/videos.ts';
import type { ApiClient } from '../engine/api/apiClient.ts';
import { DEFAULT_RETRY, Retrier } from '../engine/flow/retry.ts';
import type { Journal } from '../engine/ports/ports.ts';
import { followVideo } from '../engine/video/followVideo.ts';
import { systemClock } from '../node/clock.ts';
import { EXIT } from './exitCodes.ts';
import { formatVideoRow } from './formatEvents.ts';
import type { Terminal } from './terminal.ts';

const POLL_MS = 1_500;

export interface VideoCommandContext {
  api: ApiClient;
  journal: Journal;
  terminal: Terminal;
  json: boolean;
}

const never = (): AbortSignal => new AbortController().signal;

export async function listVideos(
  { api, terminal, json }: VideoCommandContext,
  page: { limit: number; offset: number },
): Promise<number> {
  const list = await api.listVideos(page, never());
  if (json) terminal.stdout.write(`${JSON.stringify(list)}\n`);
  else {
    for (const video of list.videos) terminal.stdout.write(`${formatVideoRow(video)}\n`);
    const { length } = list.videos;
    if (length < list.total) terminal.stdout.write(`${length} of ${list.total}; see --limit and --offset\n`);
    if (list.total === 0) terminal.stdout.write('No videos yet.\n');
  }
  return EXIT.ok.code;
}

/** Prints the status of a video. The exit code distinguishes a failed video from one that is online or in progress. */
export async function showStatus(
  { api, terminal, json }: VideoCommandContext,
  videoId: number,
  { follow }: { follow: boolean },
): Promise<number> {
  let last = '';
  const show = (video: Video): void => {
    const line = json ? JSON.stringify({ event: 'video', video }) : formatVideoRow(video);
    if (line !== last) terminal.stdout.write(`${line}\n`);
    last = line;
  };
  if (!follow) {
    const { video } = await api.getVideo(videoId, never());
    show(video);
    return exitCodeOfVideo(video);
  }
  const retrier = new Retrier(systemClock, DEFAULT_RETRY, {
    onRetry: ({ error }) => terminal.stderr.write(`${error.message}\n`),
  });
  const options = { api, clock: systemClock, retrier, videoId, pollMs: POLL_MS, signal: never() };
  const video = await followVideo({ ...options, onVideo: show });
  if (!json && video.status === 'online') terminal.stdout.write(`${video.watch_url}\n`);
  return exitCodeOfVideo(video);
}

/** Prints the link to a video's page; with `renew` a new one, and the old ones stop working. */
export async function showLink(
  { api, terminal, json }: VideoCommandContext,
  videoId: number,
  { renew }: { renew: boolean },
): Promise<number> {
  const video = renew ? await api.renewLink(videoId, never()) : (await api.getVideo(videoId, never())).video;
  const { visibility, watch_url, legacy_link_until } = video;
  if (json) {
    const event = { event: 'link', video_id: videoId, visibility, watch_url, legacy_link_until };
    terminal.stdout.write(`${JSON.stringify(event)}\n`);
    return EXIT.ok.code;
  }
  terminal.stdout.write(`${watch_url}\n`);
  if (legacy_link_until !== null) {
    terminal.stderr.write(`The old link without a token works until ${legacy_link_until}.\n`);
  }
  return EXIT.ok.code;
}

/** Cancels an upload or a transcode. */
export async function cancelVideo(context: VideoCommandContext, videoId: number): Promise<number> {
  const { video } = await context.api.getVideo(videoId, never());
  if (video.status === 'uploading') await context.api.abortUpload(videoId, never());
  else await context.api.cancelVideo(videoId, never());
  await removeFromJournal(context.journal, videoId);
  return printDone(context, videoId, 'canceled');
}

export async function retryVideo(context: VideoCommandContext, videoId: number): Promise<number> {
  await context.api.retryVideo(videoId, never());
  return printDone(context, videoId, 'retried');
}

export async function deleteVideo(context: VideoCommandContext, videoId: number): Promise<number> {
  await context.api.deleteVideo(videoId, never());
  await removeFromJournal(context.journal, videoId);
  return printDone(context, videoId, 'deleted');
}

function printDone({ terminal, json }: VideoCommandContext, videoId: number, what: string): number {
  const line = json ? JSON.stringify({ event: what, video_id: videoId }) : `Video ${videoId} ${what}.`;
  terminal.stdout.write(`${line}\n`);
  return EXIT.ok.code;
}

async function removeFromJournal(journal: Journal, videoId: number): Promise<void> {
  for (const { key, entry } of await journal.list()) {
    if (entry.videoId === videoId) await journal.remove(key);
  }
}

function exitCodeOfVideo({ status }: Video): number {
  return status === 'failed' || status === 'canceled' ? EXIT.transcodeFailed.code : EXIT.ok.code;
}
