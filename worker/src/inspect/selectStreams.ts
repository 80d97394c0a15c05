import { MediaFault } from '@reelmill/shared/runtime/errors.ts';
import { assertWithinLimits } from '../probe/declaredLimits.ts';
import type { Probe, ProbedStream } from '../probe/probeSchema.ts';

export interface SelectedStreams {
  /** Its pixel format is what its first pictures decode to, where the container does not say. */
  video: ProbedStream & { width: number; height: number; codec_name: string };
  audio: (ProbedStream & { codec_name: string; channels: number; sample_rate: number }) | null;
  /** Other video streams whose pictures move. */
  otherVideos: number;
}

/** Streams that hold one picture only, or none: cover art without the name. By index. */
export type StillStreams = ReadonlySet<number>;

/**
 * Chooses the picture and the sound that are published: the default video stream, else the first one, cover art and
 * stills passed over where others move; the default audio track, else the first one, of those that can be decoded. Throws
 * a permanent error with a sentence for the creator where there is no such picture.
 */
export function selectStreams(probe: Probe, stills: StillStreams = new Set()): SelectedStreams {
  assertWithinLimits(probe);
  const moving = videoStreams(probe).filter(({ index }) => !stills.has(index));
  const video = selectVideo(probe, moving);
  const otherVideos = moving.filter(({ index }) => index !== video.index).length;
  return { video, audio: selectAudio(probe), otherVideos };
}

/** Every video stream that is not cover art. */
export function videoStreams(probe: Probe): ProbedStream[] {
  return probe.streams.filter((stream) => stream.codec_type === 'video' && !stream.disposition?.attached_pic);
}

function selectVideo(probe: Probe, moving: readonly ProbedStream[]): SelectedStreams['video'] {
  const chosen = defaultFirst(moving) ?? defaultFirst(videoStreams(probe));
  if (!chosen) {
    throw new MediaFault(
      'no_video_stream',
      probe.streams.some((stream) => stream.codec_type === 'video')
        ? 'The file holds sound with a cover picture, but no video.'
        : 'The file holds no video, only sound or data.',
    );
  }
  if (isEncrypted(chosen)) throw encryptedError();
  const { codec_name, width, height } = chosen;
  if (codec_name === undefined || codec_name === 'none') {
    const name = chosen.codec_tag_string?.startsWith('[') === false ? ` (${chosen.codec_tag_string})` : '';
    throw new MediaFault('unsupported_codec', `The video's format${name} is not supported.`);
  }
  if (!width || !height) throw undecodableError();
  return { ...chosen, codec_name, width, height };
}

export function undecodableError(): MediaFault {
  return new MediaFault('undecodable', 'The video is damaged: no picture of it can be decoded.');
}

function selectAudio(probe: Probe): SelectedStreams['audio'] {
  return defaultFirst(decodableAudio(probe)) ?? null;
}

/** The sound tracks that can be decoded. */
export function decodableAudio(probe: Probe): NonNullable<SelectedStreams['audio']>[] {
  // without a sample format there is no decoder, or nothing that it could decode
  return probe.streams.flatMap((stream) => {
    const { codec_name, channels, sample_rate, sample_fmt } = stream;
    if (stream.codec_type !== 'audio' || isEncrypted(stream)) return [];
    return codec_name && channels && sample_rate && sample_fmt
      ? [{ ...stream, codec_name, channels, sample_rate }]
      : [];
  });
}

function defaultFirst<S extends ProbedStream>(streams: readonly S[]): S | undefined {
  return streams.find((stream) => stream.disposition?.default) ?? streams[0];
}

export function encryptedError(): MediaFault {
  return new MediaFault('encrypted', 'The video is encrypted (DRM) and cannot be processed.');
}

export function isEncrypted(stream: ProbedStream): boolean {
  return (
    /^enc[va]$/.test(stream.codec_tag_string ?? '') ||
    (stream.side_data_list ?? []).some((data) => /^Encryption/i.test(data.side_data_type ?? ''))
  );
}
