import type { Video } from '@reelmill/shared/contracts/videos.ts';

/** Unsaved texts of a video. */
export interface VideoTexts {
  title: string;
  description: string;
}

/** By video, so that unsaved texts are still there when the video is shown again. */
const drafts = new Map<number, VideoTexts>();

export function readDraft(video: Pick<Video, 'id' | 'title' | 'description'>): VideoTexts {
  return drafts.get(video.id) ?? { title: video.title, description: video.description };
}

/** Keeps a draft; null discards it. */
export function keepDraft(
  video: Pick<Video, 'id' | 'title' | 'description'>,
  texts: VideoTexts | null,
): void {
  if (texts !== null && isChanged(video, texts)) drafts.set(video.id, texts);
  else drafts.delete(video.id);
}

/** Whether there is something to save; white space around a text is none of it. */
export function isChanged(video: VideoTexts, { title, description }: VideoTexts): boolean {
  return title.trim() !== video.title || description.trim() !== video.description;
}
