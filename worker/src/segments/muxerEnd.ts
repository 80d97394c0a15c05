import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { damaged } from '../verify/damage.ts';
import { PLAYLIST_FILE, segmentFile } from './hlsArgs.ts';

/** A list of one segment has about 150 bytes. */
const LAST_ENTRY = /^#EXTINF:([0-9.]+),\n(seg_\d+\.m4s)\n#EXT-X-ENDLIST\n$/m;
/** What the muxer writes a file under until it is whole. */
const UNFINISHED = '.tmp';

/**
 * Checks a folder of a muxer that ended well and says nothing of writes that failed: its playlist must be whole and name
 * the last of `segments` (as many as were whole), and nothing may be left under another name. A muxer that got nothing names one segment
 * without duration. Throws `output_damaged`.
 */
export async function checkMuxerEnd(
  folder: string,
  { firstSegment, segments }: { firstSegment: number; segments: number },
): Promise<void> {
  const names = await readdir(folder);
  const unfinished = names.find((name) => name.endsWith(UNFINISHED));
  if (unfinished !== undefined) throw damaged(`${unfinished} was not finished`);
  // a muxer that never began has no header to write either
  if (names.length === 0) return;
  if (!names.includes(PLAYLIST_FILE)) throw damaged('no playlist beside the segments');
  const [, seconds = '', last = 'none'] =
    LAST_ENTRY.exec(await readFile(path.join(folder, PLAYLIST_FILE), 'utf8')) ?? [];
  const expected = segmentFile(firstSegment + Math.max(0, segments - 1));
  if (last !== expected || (segments === 0 && Number(seconds) > 0)) {
    throw damaged(`${segments} whole segments, but the playlist ends with ${last} of ${seconds} s`);
  }
}
