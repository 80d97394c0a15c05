export type VideoCodec =
  | 'h264'
  | 'hevc'
  | 'mpeg2'
  | 'mpeg4'
  | 'vp8'
  | 'vp9'
  | 'av1'
  | 'prores'
  | 'mjpeg'
  | 'wmv2'
  | 'flv1'
  | 'theora';
export type SoundCodec =
  | 'aac'
  | 'mp3'
  | 'ac3'
  | 'mp2'
  | 'opus'
  | 'vorbis'
  | 'flac'
  | 'alac'
  | 'pcm_s16le'
  | 'wmav2';
export type Container = 'mp4' | 'mov' | 'mkv' | 'webm' | 'ts' | 'avi' | 'flv' | 'mpg' | 'wmv' | 'ogv';

/** What sets a source apart from a plain film. */
export const SPECIALS = [
  ...(['variable rate', 'start time', 'edit list', 'rotation', 'flip', 'sample aspect', 'alpha'] as const),
  ...(['sound offset', 'short sound', 'long sound', 'sound changes', 'picture grows'] as const),
  ...(['hole in picture', 'hole in sound', 'hole in picture and sound'] as const),
  ...(['interlaced', 'interlaced part'] as const),
  ...(['bytes overwritten', 'tail cut off', 'head cut off', 'bad time'] as const),
] as const;
export type Special = (typeof SPECIALS)[number];

export interface Sound {
  codec: SoundCodec;
  channels: number;
  sampleRate: number;
  /** When it begins, in seconds after the picture. */
  offsetSeconds: number;
  seconds: number;
  /** What the sound is from the middle of the film on. */
  change: { channels: number; sampleRate: number } | null;
}

export type Damage =
  | { kind: 'bytes'; places: readonly number[]; lengthBytes: number }
  | { kind: 'tail cut off'; share: number }
  | { kind: 'head cut off'; share: number }
  | { kind: 'bad time'; stream: 'picture' | 'sound'; place: number; seconds: number };

/** Seconds on the film's own timeline. */
export type Span = readonly [from: number, to: number];

/** Everything that a source is made from; two equal recipes make two equal files with the same ffmpeg. */
export interface Recipe {
  seed: number;
  specials: readonly Special[];
  container: Container;
  layout: 'plain' | 'faststart' | 'fragmented';
  codec: VideoCodec;
  seconds: number;
  rate: { num: number; den: number };
  timing: 'constant' | 'dropped' | 'jitter' | 'two rates';
  gop: number;
  bframes: number;
  refresh: 'closed' | 'open' | 'intra refresh';
  width: number;
  height: number;
  sampleAspect: string;
  rotation: 0 | 90 | 180 | 270;
  flip: 'none' | 'horizontal' | 'vertical';
  interlaced: 'no' | 'whole' | 'from the middle';
  /** Pictures are twice as large from the middle on. */
  grows: boolean;
  alpha: boolean;
  startSeconds: number;
  /** Cut off by an edit list, somewhere in a group of pictures. */
  trimSeconds: number;
  sound: Sound | null;
  pictureHole: Span | null;
  soundHole: Span | null;
  damage: Damage | null;
  chunking: { segmentSeconds: number; chunkSeconds: number; workers: number };
  /** Cover and storyboard are made as well. */
  images: boolean;
}
