import { type MediaFacts, mediaFactsSchema } from '@reelmill/shared/contracts/media.ts';

interface Differences extends Partial<Omit<MediaFacts, 'video'>> {
  video?: Partial<MediaFacts['video']>;
}

/**
 * Facts of an ordinary film in MP4 as an inspection finds them, 1280x720 at 30 frames per second with stereo sound, with
 * these differences. Picture and sound last as long as the film.
 */
export function makeMediaFacts({ durationSeconds = 180, video, ...others }: Differences = {}): MediaFacts {
  return mediaFactsSchema.parse({
    demuxer: 'mov',
    durationSeconds,
    containerStartSeconds: 0,
    seekable: true,
    preRollSeconds: 0,
    audio: {
      streamIndex: 1,
      codec: 'aac',
      channels: 2,
      sampleRate: 48_000,
      startSeconds: 0,
      durationSeconds,
    },
    video: {
      streamIndex: 0,
      codec: 'h264',
      startSeconds: 0,
      durationSeconds,
      codedWidth: 1280,
      codedHeight: 720,
      displayWidth: 1280,
      displayHeight: 720,
      rotationDegrees: 0,
      sampleAspectRatio: { num: 1, den: 1 },
      pixelFormat: 'yuv420p',
      fullRange: false,
      interlaced: false,
      hdr: 'none',
      colorSpace: 'bt709',
      colorPrimaries: 'bt709',
      colorTransfer: 'bt709',
      outputFrameRate: { num: 30, den: 1 },
      variableFrameRate: false,
      singlePicture: false,
      ...video,
    },
    ...others,
  });
}
