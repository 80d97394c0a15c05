import { damaged } from '../verify/damage.ts';

const START = 0xd8;
const END = 0xd9;
const START_OF_SCAN = 0xda;
/** Markers of frames (baseline, progressive, …); three numbers between them mean something else. */
const FIRST_FRAME = 0xc0;
const LAST_FRAME = 0xcf;
const NO_FRAMES: ReadonlySet<number> = new Set([0xc4, 0xc8, 0xcc]);

/**
 * Width and height of a JPEG file. Throws `output_damaged` unless it is whole: its segments follow each other without a
 * gap, and it ends with the end marker that belongs to them. What its pixels are is not looked at.
 */
export function readJpegSize(file: Buffer): { width: number; height: number } {
  let size: { width: number; height: number } | undefined;
  let at = markerAt(file, 0) === START ? 2 : file.length;
  let scans = 0;
  for (let marker = markerAt(file, at); marker !== null; marker = markerAt(file, at)) {
    if (marker === END) {
      if (at + 2 !== file.length || size === undefined || scans === 0) break;
      return size;
    }
    const end = at + 2 + (at + 4 <= file.length ? file.readUInt16BE(at + 2) : file.length);
    if (end > file.length) break;
    if (isFrame(marker)) {
      if (end < at + 9) break;
      size = { height: file.readUInt16BE(at + 5), width: file.readUInt16BE(at + 7) };
    }
    at = end;
    if (marker === START_OF_SCAN) {
      scans += 1;
      at = endOfScan(file, end);
    }
  }
  throw damaged(`a JPEG of ${file.length} bytes that is not whole`);
}

/** The marker at a place; null where there is none. */
function markerAt(file: Buffer, at: number): number | null {
  const [first, marker = 0] = file.subarray(at, at + 2);
  return first === 0xff && marker !== 0 ? marker : null;
}

function isFrame(marker: number): boolean {
  return marker >= FIRST_FRAME && marker <= LAST_FRAME && !NO_FRAMES.has(marker);
}

/** Where the next marker behind entropy-coded data is: not one of a stuffed byte, nor one that restarts the decoder. */
function endOfScan(file: Buffer, start: number): number {
  for (let at = file.indexOf(0xff, start); at >= 0; at = file.indexOf(0xff, at + 2)) {
    const marker = markerAt(file, at);
    if (marker !== null && !(marker >= 0xd0 && marker <= 0xd7)) return at;
  }
  return file.length;
}
