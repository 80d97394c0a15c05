import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';
import { MEDIA_LIMITS } from './mediaLimits.ts';
import { maxDecodedPixels } from './memoryNeeds.ts';

/** Which video streams may be decoded, and up to which size. */
export interface DecodedVideo {
  /** Null where any may be: ffprobe opens a decoder for each stream and fails where it cannot. */
  streamIndex: number | null;
  maxPixels: number;
}

/**
 * Input options that bound what a file makes ffmpeg or ffprobe allocate: the number of streams, and the size of a
 * picture, whatever the file declared and however it changes. Of other streams than the one that is given no picture
 * is decoded, not even to find out what they are.
 */
export function inputBounds({ streamIndex, maxPixels }: DecodedVideo = NOTHING): string[] {
  // one more than is accepted: newer versions of ffmpeg pass over what is beyond, and it has to show
  const streams = ['-max_streams', String(MEDIA_LIMITS.streams + 1)];
  if (streamIndex === null) return [...streams, '-max_pixels', String(maxPixels)];
  return [...streams, '-max_pixels', String(NO_PIXELS), `-max_pixels:${streamIndex}`, String(maxPixels)];
}

/** The smallest bound there is; 0 would be none. */
const NO_PIXELS = 1;
const NOTHING: DecodedVideo = { streamIndex: null, maxPixels: NO_PIXELS };

/** The video of an inspected file. */
export function decodedVideo({ video }: MediaFacts): DecodedVideo {
  const size = { width: video.codedWidth, height: video.codedHeight };
  return { streamIndex: video.streamIndex, maxPixels: maxDecodedPixels(size) };
}
