import type { SampleName } from './samples.ts';

/** A file, and what must become of it. */
export interface ExpectedVideo {
  title: string;
  /** A sample; the film is made by the test. */
  file: SampleName | 'film';
  renditions: { quality: string; width: number; height: number }[];
  /** Pictures per second; those of the source, unless its rate is variable. */
  rate: number;
  variableRate?: true;
  /** 0 where there is no sound. */
  channels: number;
  /** Of the track that must be heard. */
  hertz?: number;
  hdr?: true;
  /** How many encode tasks share it. */
  encodes: number;
}

/** Two renditions in several chunks. */
export const FILM = { seconds: 22, size: '640x360' };

const SMALL = {
  renditions: [{ quality: '240p', width: 320, height: 180 }],
  rate: 30,
  channels: 0,
  encodes: 1,
};

export const EXPECTED_VIDEOS: ExpectedVideo[] = [
  {
    title: 'a film in two sizes',
    file: 'film',
    renditions: [
      { quality: '360p', width: 640, height: 360 },
      { quality: '240p', width: 426, height: 240 },
    ],
    rate: 25,
    channels: 1,
    encodes: 5,
  },
  { ...SMALL, title: 'H.264 with AAC', file: 'h264-aac', channels: 1, encodes: 4 },
  { ...SMALL, title: 'a variable frame rate', file: 'vfr', variableRate: true, encodes: 4 },
  {
    ...SMALL,
    title: 'a rotated video',
    file: 'rotated',
    renditions: [{ quality: '240p', width: 180, height: 320 }],
  },
  { ...SMALL, title: 'a video without sound', file: 'no-audio' },
  { ...SMALL, title: 'HEVC in 10 bits and HDR', file: 'hevc-hdr', rate: 24, hdr: true },
  { ...SMALL, title: 'Matroska with two audio tracks', file: 'two-audio', channels: 1, hertz: 1200 },
  { ...SMALL, title: 'MPEG-TS', file: 'mpegts', rate: 25, channels: 1, encodes: 4 },
  {
    ...SMALL,
    title: 'an odd size',
    file: 'odd-size',
    renditions: [{ quality: '240p', width: 160, height: 120 }],
  },
  { ...SMALL, title: 'sound in 5.1', file: 'surround-51', channels: 2 },
];
