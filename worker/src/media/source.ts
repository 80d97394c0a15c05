import { type DecodedVideo, inputBounds } from './inputBounds.ts';

/**
 * Containers that are accepted, by ffmpeg's demuxer names. None of them opens anything but the file itself: playlists
 * (hls, dash, concat) and picture sequences, which do, are refused by this list before they read a line.
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
] as const;

/** A source as ffmpeg reads it. */
export interface SourceInput {
  /** http or https. */
  url: string;
  /** The certificates that an https server is verified with; the system's, where it is not given. */
  caFile?: string;
  /** The video that may be decoded; none, where it is not given. */
  decoded?: DecodedVideo;
}

/** Input options of every read of a source, up to but not including `-i`. The protocol list is all that `url` needs. */
export function guardArgs({ url, caFile, decoded }: SourceInput): string[] {
  const secure = new URL(url).protocol === 'https:';
  return [
    ...['-protocol_whitelist', secure ? 'https,tls,tcp' : 'http,tcp'],
    // otherwise ffmpeg takes any certificate
    ...(secure ? ['-tls_verify', '1'] : []),
    ...(secure && caFile !== undefined ? ['-ca_file', caFile] : []),
    ...['-format_whitelist', ACCEPTED_FORMATS.join(',')],
    ...inputBounds(decoded),
    // microseconds
    ...['-rw_timeout', '30000000'],
    ...['-reconnect', '1', '-reconnect_on_network_error', '1', '-reconnect_on_http_error', '429,5xx'],
    ...['-reconnect_delay_max', '8'],
  ];
}

/** Input options of a read of an inspected source: the demuxer is forced, so content cannot choose another. */
export function inputArgs(source: SourceInput, demuxer: string): string[] {
  return [...guardArgs(source), '-f', demuxer, '-i', source.url];
}
