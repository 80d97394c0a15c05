import { createHash } from 'node:crypto';
import { parseBoxes } from './boxes.ts';

/** Fixed fields of a visual sample entry, before its boxes. */
const VISUAL_ENTRY_BYTES = 78;
/** Name of the encoder in it, with its version. */
const COMPRESSOR_NAME = { start: 42, end: 74 };

/**
 * SHA-256 of what an init segment says of how segments are decoded and when they are shown: time scale, size, edit list,
 * defaults, and the decoder's configuration. What ffmpeg says of itself and of bit rates differs between its versions and
 * is left out, so that workers with different ones can share a video. `boxes` are the bodies by type.
 */
export function fingerprintInit(boxes: ReadonlyMap<string, readonly Buffer[]>, timescale: number): string {
  const hash = createHash('sha256').update(`${timescale}`);
  for (const type of ['tkhd', 'elst', 'trex']) {
    for (const body of boxes.get(type) ?? []) addPart(type, body);
  }
  for (const stsd of boxes.get('stsd') ?? []) {
    for (const { type, body } of parseBoxes(stsd.subarray(8))) {
      if (type === 'avc1') addVisualEntry(body);
      else addPart(type, body);
    }
  }
  return hash.digest('hex');

  function addPart(type: string, body: Buffer): void {
    hash.update(` ${type} ${body.length} `).update(body);
  }

  function addVisualEntry(entry: Buffer): void {
    addPart('avc1', entry.subarray(0, COMPRESSOR_NAME.start));
    addPart('avc1', entry.subarray(COMPRESSOR_NAME.end, VISUAL_ENTRY_BYTES));
    for (const { type, body } of parseBoxes(entry.subarray(VISUAL_ENTRY_BYTES))) {
      if (type !== 'btrt') addPart(type, body);
    }
  }
}
