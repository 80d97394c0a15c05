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

/** Input options of every read of a source, up to but not including `-i`. The protocol list is all that `url` needs. */
export function guardArgs(url: string): string[] {
  const secure = new URL(url).protocol === 'https:';
  return [
    ...['-protocol_whitelist', secure ? 'https,tls,tcp' : 'http,tcp'],
    ...['-format_whitelist', ACCEPTED_FORMATS.join(',')],
    // microseconds
    ...['-rw_timeout', '30000000'],
    ...['-reconnect', '1', '-reconnect_on_network_error', '1', '-reconnect_on_http_error', '429,5xx'],
    ...['-reconnect_delay_max', '8'],
  ];
}

/** Input options of a read of an inspected source: the demuxer is forced, so content cannot choose another. */
export function inputArgs(url: string, demuxer: string): string[] {
  return [...guardArgs(url), '-f', demuxer, '-i', url];
}
