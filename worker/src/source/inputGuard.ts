import type { SourcePatch } from '@reelmill/shared/contracts/media.ts';
import { type DecodedVideo, inputBounds } from '../limits/inputBounds.ts';
import { UNCROPPED_ARGS } from './containerCropping.ts';

/**
 * Containers and bare streams that are accepted, by ffmpeg's demuxer names. None of them opens anything but the file
 * itself: playlists (hls, dash, concat) and picture sequences, which do, are refused by this list before they read a line.
 */
export const ACCEPTED_FORMATS = [
  'mov',
  'matroska',
  'mpegts',
  'mpeg',
  'avi',
  'asf',
  'flv',
  'ogg',
  'mxf',
  'dv',
  'h264',
  'hevc',
  'mpegvideo',
] as const;

/** Returns bytes of a source, fewer at its end. */
export type ReadBytes = (offset: number, length: number) => Promise<Buffer>;

/** A source as ffmpeg reads it: from the task's own reader on this machine. */
export interface SourceInput {
  /** http. */
  url: string;
  /** Bytes that programs were given so far, where they are counted. */
  deliveredBytes?(): number;
  /** Some of its bytes, for the task itself; fewer at the end of the source. */
  readBytes?: ReadBytes;
  /** From now on, every read has these bytes in the place of the source's own. */
  patch?(patches: readonly SourcePatch[]): void;
  /** ffmpeg crops pictures by what their container says, unless an option forbids it. */
  cropsByContainer?: boolean;
}

/**
 * Input options of every read of a source, up to but not including `-i`. Retries and time limits are the reader's: it knows
 * whether the store is to blame.
 *
 * @param decoded the video that may be decoded; none, where it is not given
 */
export function guardArgs(decoded?: DecodedVideo): string[] {
  return [
    ...['-protocol_whitelist', 'http,tcp'],
    ...['-format_whitelist', ACCEPTED_FORMATS.join(',')],
    ...inputBounds(decoded),
  ];
}

/** Input options of an MP4: only its times are moved by its edit list, and nothing is hidden. */
export const WITHOUT_EDIT_LIST = ['-advanced_editlist', '0'] as const;

/** Input options of a read of an inspected source: the demuxer is forced, so content cannot choose another. */
export function inputArgs(source: SourceInput, demuxer: string, decoded?: DecodedVideo): string[] {
  const uncropped = source.cropsByContainer && decoded !== undefined ? UNCROPPED_ARGS : [];
  return [...guardArgs(decoded), ...uncropped, '-f', demuxer, '-i', source.url];
}
