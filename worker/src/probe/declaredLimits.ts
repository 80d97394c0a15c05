import { MediaFault } from '@reelmill/shared/runtime/errors.ts';
import { tooLarge, tooManyStreams } from '../limits/limitErrors.ts';
import { MEDIA_LIMITS } from '../limits/mediaLimits.ts';
import type { DeclaredVideo } from '../limits/memoryNeeds.ts';
import type { Probe } from './probeSchema.ts';

/**
 * Decoders that packages of ffmpeg in use have a known hole in, and that no camera or editor of creators needs: MagicYUV
 * (CVE-2026-8461, fixed in 8.1.2).
 */
const REFUSED_CODECS: ReadonlySet<string> = new Set(['magicyuv']);

/**
 * Throws `limits_exceeded` where a file declares more streams or larger pictures than are accepted, and
 * `unsupported_codec` where one of its decoders is not to be run.
 */
export function assertWithinLimits(probe: Probe): void {
  if (probe.streams.some(({ codec_name }) => REFUSED_CODECS.has(codec_name ?? ''))) {
    throw new MediaFault('unsupported_codec', "The video's format is not supported.");
  }
  if (probe.streams.length > MEDIA_LIMITS.streams) throw tooManyStreams();
  let pixelsOfAll = 0;
  for (const { width, height } of declaredVideos(probe)) {
    const pixels = width * height;
    pixelsOfAll += pixels;
    if (pixels > MEDIA_LIMITS.pixels || Math.max(width, height) > MEDIA_LIMITS.sidePixels) {
      throw tooLarge(width, height);
    }
  }
  if (pixelsOfAll > MEDIA_LIMITS.pixelsOfAllStreams) {
    throw new MediaFault('limits_exceeded', 'The file has too many video streams.');
  }
}

/** Every video stream but cover art, with size 0 where the container does not declare one. */
export function declaredVideos(probe: Probe): DeclaredVideo[] {
  return probe.streams
    .filter((stream) => stream.codec_type === 'video' && !stream.disposition?.attached_pic)
    .map(({ codec_name, width, height }) => ({ codec: codec_name, width: width ?? 0, height: height ?? 0 }));
}
