/** Names of what the muxer writes into a rendition's folder; `%05d` counts segments over the whole video. */
export const INIT_FILE = 'init.mp4';
export const PLAYLIST_FILE = 'list.m3u8';
const SEGMENT_PATTERN = 'seg_%05d.m4s';

export function segmentFile(index: number): string {
  return `seg_${String(index).padStart(5, '0')}.m4s`;
}

/** Muxer options for segments in a folder, relative to the task's folder; written under other names until whole. */
export function hlsArgs(folder: string, cut: { firstSegment: number; cutSeconds: number }): string[] {
  return [
    ...['-f', 'hls', '-hls_segment_type', 'fmp4', '-hls_time', String(cut.cutSeconds)],
    ...['-hls_segment_options', 'movflags=+frag_discont', '-hls_flags', 'temp_file'],
    ...['-hls_list_size', '1', '-start_number', String(cut.firstSegment)],
    ...['-hls_fmp4_init_filename', INIT_FILE, '-hls_segment_filename', `${folder}/${SEGMENT_PATTERN}`],
    `${folder}/${PLAYLIST_FILE}`,
  ];
}
