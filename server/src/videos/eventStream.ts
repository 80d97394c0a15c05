import type { Response } from 'express';
import type { Viewer } from '../catalog/access.ts';
import type { VideoFeed } from './feed.ts';

const HEARTBEAT_MS = 15_000;
const RECONNECT_MS = 2_000;
/** A client with more unread bytes is disconnected. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/** Sends server-sent events, one for each change of the video; resolves when the stream has ended. */
export async function streamVideo(
  feed: VideoFeed,
  response: Response,
  audience: { videoId: number; viewer: Viewer; signal: AbortSignal; stopping: AbortSignal },
): Promise<void> {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // proxies that buffer responses would delay the events
    'X-Accel-Buffering': 'no',
  });
  response.write(`retry: ${RECONNECT_MS}\n\n`);
  const ended = Promise.withResolvers<void>();
  const end = (): void => ended.resolve();
  const write = (text: string): void => {
    if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
    else response.write(text);
  };
  const { videoId, viewer, signal, stopping } = audience;
  const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
  const unsubscribe = feed.subscribe({ videoId, viewer, send: (json) => write(`data: ${json}\n\n`), end });
  const either = AbortSignal.any([signal, stopping]);
  either.addEventListener('abort', end, { once: true });
  if (either.aborted) end();
  await ended.promise;
  clearInterval(heartbeat);
  unsubscribe();
  response.end();
}
