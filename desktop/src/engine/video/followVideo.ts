import type { Video } from '@reelmill/shared/contracts/videos.ts';
import type { ApiClient } from '../api/apiClient.ts';
import type { Retrier } from '../flow/retry.ts';
import type { Clock } from '../ports/ports.ts';

export interface FollowOptions {
  api: ApiClient;
  clock: Clock;
  retrier: Retrier;
  videoId: number;
  pollMs: number;
  signal: AbortSignal;
  /** Called with every version of the video, the last one included. */
  onVideo: (video: Video) => void;
}

/** Polls a video until it is online, failed or canceled, and returns its final version. */
export async function followVideo(options: FollowOptions): Promise<Video> {
  const { api, clock, retrier, videoId, pollMs, signal, onVideo } = options;
  let etag: string | undefined;
  for (;;) {
    const changed = await retrier.run('ask for the video', signal, () =>
      api.getVideoIfChanged(videoId, etag, signal),
    );
    if (changed !== null) {
      etag = changed.etag;
      const { video } = changed.detail;
      onVideo(video);
      if (isFinal(video)) return video;
    }
    await clock.sleep(pollMs, signal);
  }
}

/** Whether the video does not change any more without a command. */
export function isFinal({ status }: Video): boolean {
  return status === 'online' || status === 'failed' || status === 'canceled';
}
