/*
 * The time of the first picture that a run of ffmpeg decodes, told while the run goes on: a branch of its filters lets
 * that picture through, and a muxer that writes one line for each picture prints its time between the lines of
 * `-progress`.
 */

const LABEL = 'first';
/** The time base in which the time is printed. */
const TICKS_PER_SECOND = 1_000_000;
/** Stream, dts, pts, duration, size, checksum. */
const LINE = /^0,\s*-?\d+,\s*(-?\d+),\s*\d+,\s*\d+,\s*0x[0-9a-f]+/;

/** For a chain of filters, between the input and what may change or drop pictures. */
export const FIRST_PICTURE_BRANCH = `split=2[shown][seen];[seen]trim=end_frame=1,scale=16:16[${LABEL}];[shown]null`;

/** The output that prints the time. */
export function firstPictureArgs(): string[] {
  return [
    ...['-map', `[${LABEL}]`, '-fps_mode', 'passthrough', '-enc_time_base', `1/${TICKS_PER_SECOND}`],
    ...['-c:v', 'rawvideo', '-f', 'framecrc', '-flush_packets', '1', 'pipe:1'],
  ];
}

/** Seconds in the source's own time; null where a line of standard output is another one. */
export function parseFirstPicture(line: string): number | null {
  const ticks = LINE.exec(line)?.[1];
  return ticks === undefined ? null : Number(ticks) / TICKS_PER_SECOND;
}
