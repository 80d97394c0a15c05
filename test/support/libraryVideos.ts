import { type Video, type VideoDetail, videoSchema } from '@reelmill/shared/contracts/videos.ts';

/** A video that is online, with other facts where they are given. */
export function makeVideo(id: number, facts: Partial<Video> = {}): Video {
  return videoSchema.parse({
    id,
    user_id: 1,
    title: `Film ${id}`,
    description: '',
    visibility: 'private',
    status: 'online',
    phase: null,
    progress: 100,
    eta_seconds: null,
    playable: true,
    file_name: `film-${id}.mp4`,
    size_bytes: 734_003_200,
    duration: 245,
    width: 1920,
    height: 1080,
    frame_rate: 25,
    cover_url: null,
    storyboard_url: null,
    playback_url: `https://api.example/videos/${id}/hls/master.m3u8`,
    watch_url: `https://api.example/watch/${id}`,
    legacy_link_until: null,
    waiting: null,
    notices: [],
    error: null,
    created_at: '2026-11-20T09:30:00.000Z',
    updated_at: '2026-11-20T09:40:00.000Z',
    online_at: '2026-11-20T09:40:00.000Z',
    ...facts,
  });
}

export function makeDetail(video: Video, heights: readonly number[] = [1080, 720, 480]): VideoDetail {
  const sources = heights.map((height) => ({
    quality: `${height}p`,
    format: 'HLS' as const,
    url: `https://api.example/videos/${video.id}/hls/master-${height}p.m3u8`,
    key: `processed/${video.id}/hls_${height}p/${height}p.m3u8`,
    width: Math.round((height * 16) / 9),
    height,
    frame_rate: 25,
    bandwidth: height * 4_000,
    average_bandwidth: height * 3_000,
    codecs: 'avc1.640028,mp4a.40.2',
  }));
  return { video, sources };
}
