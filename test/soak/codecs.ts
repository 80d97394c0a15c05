import type { Container, Recipe, SoundCodec, Special, VideoCodec } from './recipeTypes.ts';

interface VideoCodecTraits {
  refreshes: readonly Recipe['refresh'][];
  /** The most there may be one behind the other. */
  bframes: number;
  /** Where not every rate can be written. */
  rates?: readonly { num: number; den: number }[];
  args(recipe: Recipe): string[];
}

const MPEG_RATES = [
  { num: 25, den: 1 },
  { num: 30_000, den: 1001 },
  { num: 24, den: 1 },
  { num: 50, den: 1 },
] as const;

const x264: VideoCodecTraits = {
  refreshes: ['closed', 'open', 'intra refresh'],
  bframes: 4,
  args({ gop, bframes, refresh, interlaced }) {
    const fields = interlaced === 'no' ? [] : ['tff=1'];
    const how = { closed: [], open: ['open-gop=1'], 'intra refresh': ['intra-refresh=1'] }[refresh];
    const params = [`keyint=${gop}`, `min-keyint=${Math.min(gop, 10)}`, `bframes=${bframes}`, 'scenecut=0'];
    return [
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '16', '-threads', '1'],
      ...['-x264-params', [...params, 'lookahead-threads=1', ...how, ...fields].join(':')],
    ];
  },
};

/** Codecs whose encoder takes the usual options. */
function plain(name: string, bframes: number, quality: readonly string[]): VideoCodecTraits {
  return {
    refreshes: ['closed'],
    bframes,
    args: (recipe) => [
      ...['-c:v', name, ...quality, '-g', String(recipe.gop), '-threads', '1'],
      ...(bframes > 0 ? ['-bf', String(recipe.bframes)] : []),
      ...(recipe.interlaced === 'no' ? [] : ['-flags', '+ildct+ilme', '-top', '1']),
    ],
  };
}

export const VIDEO_CODECS: Record<VideoCodec, VideoCodecTraits> = {
  h264: x264,
  hevc: {
    refreshes: ['closed', 'open'],
    bframes: 4,
    args({ gop, bframes, refresh, container }: Recipe) {
      const params = [`keyint=${gop}`, `min-keyint=${Math.min(gop, 10)}`, `bframes=${bframes}`, 'scenecut=0'];
      const how = [`open-gop=${refresh === 'open' ? 1 : 0}`, 'pools=1', 'frame-threads=1', 'log-level=error'];
      const tag = container === 'mp4' || container === 'mov' ? ['-tag:v', 'hvc1'] : [];
      return [
        '-c:v',
        'libx265',
        '-preset',
        'ultrafast',
        '-crf',
        '18',
        '-x265-params',
        [...params, ...how].join(':'),
        ...tag,
      ];
    },
  },
  mpeg2: { ...plain('mpeg2video', 2, ['-q:v', '3']), rates: MPEG_RATES },
  mpeg4: plain('mpeg4', 2, ['-q:v', '3']),
  vp8: plain('libvpx', 0, ['-crf', '8', '-b:v', '2M', '-deadline', 'realtime', '-cpu-used', '8']),
  vp9: plain('libvpx-vp9', 0, ['-crf', '20', '-b:v', '0', '-deadline', 'realtime', '-cpu-used', '8']),
  av1: plain('libaom-av1', 0, ['-crf', '20', '-b:v', '0', '-usage', 'realtime', '-cpu-used', '8']),
  prores: {
    refreshes: ['closed'],
    bframes: 0,
    args: ({ alpha }: Recipe) => ['-c:v', 'prores_ks', '-profile:v', alpha ? '4' : '2', '-threads', '1'],
  },
  mjpeg: { ...plain('mjpeg', 0, ['-q:v', '3']), refreshes: ['closed'] },
  wmv2: plain('wmv2', 0, ['-q:v', '3']),
  flv1: plain('flv', 0, ['-q:v', '3']),
  theora: plain('libtheora', 0, ['-q:v', '8']),
};

interface SoundTraits {
  name: SoundCodec;
  channels: readonly number[];
  rates: readonly number[];
}

const aac: SoundTraits = { name: 'aac', channels: [1, 2, 2, 6], rates: [44_100, 48_000, 22_050, 32_000] };
const mp3: SoundTraits = { name: 'mp3', channels: [1, 2], rates: [44_100, 48_000, 22_050] };
const ac3: SoundTraits = { name: 'ac3', channels: [1, 2, 6], rates: [48_000, 44_100] };
const mp2: SoundTraits = { name: 'mp2', channels: [1, 2], rates: [48_000, 44_100] };
const opus: SoundTraits = { name: 'opus', channels: [1, 2], rates: [48_000] };
const vorbis: SoundTraits = { name: 'vorbis', channels: [1, 2], rates: [44_100, 48_000] };
const flac: SoundTraits = { name: 'flac', channels: [1, 2, 6], rates: [44_100, 48_000, 96_000] };
const alac: SoundTraits = { name: 'alac', channels: [1, 2], rates: [44_100, 48_000] };
const pcm: SoundTraits = { name: 'pcm_s16le', channels: [1, 2], rates: [48_000, 44_100, 8_000] };
const wma: SoundTraits = { name: 'wmav2', channels: [1, 2], rates: [44_100] };

export const SOUND_ENCODERS: Record<SoundCodec, readonly string[]> = {
  aac: ['-c:a', 'aac'],
  mp3: ['-c:a', 'libmp3lame'],
  ac3: ['-c:a', 'ac3'],
  mp2: ['-c:a', 'mp2'],
  opus: ['-c:a', 'libopus'],
  vorbis: ['-c:a', 'libvorbis'],
  flac: ['-c:a', 'flac'],
  alac: ['-c:a', 'alac'],
  pcm_s16le: ['-c:a', 'pcm_s16le'],
  wmav2: ['-c:a', 'wmav2'],
};

/** ffmpeg's names of the muxers. */
export const CONTAINERS_FORMAT: Record<Container, string> = {
  ...{ mp4: 'mp4', mov: 'mov', mkv: 'matroska', webm: 'webm', ts: 'mpegts' },
  ...{ avi: 'avi', flv: 'flv', mpg: 'mpeg', wmv: 'asf', ogv: 'ogg' },
};

interface ContainerTraits {
  weight: number;
  video: readonly VideoCodec[];
  sound: readonly SoundTraits[];
  /** Pictures may be stored in another order than they are shown in. */
  bframes: boolean;
  specials: readonly Special[];
}

const ANYWHERE: readonly Special[] = [
  ...(['short sound', 'long sound', 'bytes overwritten', 'tail cut off'] as const),
];
const WITH_TIMES: readonly Special[] = [
  ...ANYWHERE,
  ...(['variable rate', 'start time', 'sound offset', 'hole in picture', 'hole in sound'] as const),
  'hole in picture and sound',
];
const IN_MOV: readonly Special[] = [...WITH_TIMES, 'edit list', 'rotation', 'flip', 'sample aspect'];

export const CONTAINERS: Record<Container, ContainerTraits> = {
  mp4: {
    weight: 6,
    video: ['h264', 'h264', 'h264', 'hevc', 'mpeg4', 'av1', 'vp9'],
    sound: [aac, aac, mp3, ac3, opus, alac],
    bframes: true,
    specials: [...IN_MOV, 'interlaced'],
  },
  mov: {
    weight: 3,
    video: ['h264', 'hevc', 'prores', 'mjpeg', 'mpeg4'],
    sound: [aac, pcm, alac],
    bframes: true,
    specials: [...IN_MOV, 'alpha'],
  },
  mkv: {
    weight: 4,
    video: ['h264', 'h264', 'hevc', 'mpeg2', 'mpeg4', 'vp8', 'vp9', 'av1', 'mjpeg'],
    sound: [aac, mp3, ac3, flac, opus, vorbis, pcm],
    bframes: true,
    specials: [...WITH_TIMES, 'sample aspect'],
  },
  webm: {
    weight: 2,
    video: ['vp8', 'vp9', 'av1'],
    sound: [opus, vorbis],
    bframes: false,
    specials: WITH_TIMES,
  },
  ts: {
    weight: 6,
    video: ['h264', 'h264', 'hevc', 'mpeg2'],
    sound: [aac, mp2, mp3, ac3],
    bframes: true,
    specials: [
      ...WITH_TIMES,
      ...(['sound changes', 'picture grows', 'interlaced', 'interlaced part', 'head cut off'] as const),
      'bad time',
    ],
  },
  avi: { weight: 2, video: ['mpeg4', 'mjpeg'], sound: [mp3, pcm, ac3], bframes: false, specials: ANYWHERE },
  flv: {
    weight: 2,
    video: ['h264', 'flv1'],
    sound: [aac, { ...mp3, rates: [44_100, 22_050] }],
    bframes: true,
    specials: [...ANYWHERE, 'sound offset', 'hole in picture', 'hole in sound'],
  },
  mpg: { weight: 1, video: ['mpeg2'], sound: [mp2], bframes: true, specials: [...ANYWHERE, 'interlaced'] },
  wmv: { weight: 1, video: ['wmv2'], sound: [wma], bframes: false, specials: ANYWHERE },
  ogv: { weight: 1, video: ['theora'], sound: [vorbis, flac], bframes: false, specials: ANYWHERE },
};
