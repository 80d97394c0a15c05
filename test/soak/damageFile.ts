import { readFile, writeFile } from 'node:fs/promises';
import type { Damage, Recipe } from './recipeTypes.ts';

const TS_PACKET = 188;
const CLOCK_HERTZ = 90_000;
const CLOCK_TICKS = 2 ** 33;
/** From a `tkhd` box's type to its matrix, in its version 0. */
const TO_MATRIX = 44;
const ONE = 0x10000;

/** Damages a file in place. */
export async function damageFile(file: string, damage: Damage): Promise<void> {
  const bytes = await readFile(file);
  await writeFile(file, damaged(bytes, damage));
}

function damaged(bytes: Buffer, damage: Damage): Buffer {
  switch (damage.kind) {
    case 'bytes':
      for (const place of damage.places) {
        const from = Math.floor(place * bytes.length);
        // nothing that looks like what was there
        for (let at = from; at < Math.min(bytes.length, from + damage.lengthBytes); at++)
          bytes[at] = (at * 89 + 37) & 0xff;
      }
      return bytes;
    case 'tail cut off':
      return bytes.subarray(0, Math.ceil(bytes.length * (1 - damage.share)));
    case 'head cut off':
      return bytes.subarray(Math.ceil((bytes.length * damage.share) / TS_PACKET) * TS_PACKET);
    case 'bad time':
      return withWrongTime(bytes, damage);
  }
}

/** MPEG-TS: one packet of a stream says another time. */
function withWrongTime(bytes: Buffer, damage: Extract<Damage, { kind: 'bad time' }>): Buffer {
  const firstId = damage.stream === 'picture' ? 0xe0 : 0xc0;
  const places: number[] = [];
  for (let at = 0; at + TS_PACKET <= bytes.length; at += TS_PACKET) {
    const start = startOfPes(bytes, at);
    if (start === null) continue;
    const id = bytes[start + 3] ?? 0;
    const isSound = (id & 0xe0) === 0xc0 || id === 0xbd;
    const isMeant = firstId === 0xc0 ? isSound : (id & 0xf0) === 0xe0;
    if (isMeant && ((bytes[start + 7] ?? 0) & 0x80) !== 0) places.push(start + 9);
  }
  const place = places[Math.floor(damage.place * places.length)];
  if (place !== undefined) addToTime(bytes, place, Math.round(damage.seconds * CLOCK_HERTZ));
  return bytes;
}

/** Where the PES header in a transport packet begins; null where none does. */
function startOfPes(bytes: Buffer, packet: number): number | null {
  const [, second = 0, , fourth = 0, fifth = 0] = bytes.subarray(packet, packet + 5);
  if ((second & 0x40) === 0 || (fourth & 0x10) === 0) return null;
  const start = packet + 4 + ((fourth & 0x20) === 0 ? 0 : 1 + fifth);
  return start + 14 < packet + TS_PACKET && bytes.readUIntBE(start, 3) === 1 ? start : null;
}

/** 33 bits in five bytes, with markers in between. */
function addToTime(bytes: Buffer, at: number, ticks: number): void {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(at, at + 5);
  const old = ((a >> 1) & 7) * 2 ** 30 + (b << 22) + ((c >> 1) << 15) + (d << 7) + (e >> 1);
  const time = (old + ticks + CLOCK_TICKS) % CLOCK_TICKS;
  const bits = (from: number, count: number): number => Math.floor(time / 2 ** from) % 2 ** count;
  bytes.set(
    [
      (a & 0xf0) | (bits(30, 3) << 1) | 1,
      bits(22, 8),
      (bits(15, 7) << 1) | 1,
      bits(7, 8),
      (bits(0, 7) << 1) | 1,
    ],
    at,
  );
}

/** Rotates or flips the picture of an MP4 or MOV by the matrix of its first track. */
export async function turnTrack(file: string, { rotation, flip, width, height }: Recipe): Promise<void> {
  if (rotation === 0 && flip === 'none') return;
  const matrices: Record<string, readonly number[]> = {
    90: [0, 1, -1, 0, height, 0],
    180: [-1, 0, 0, -1, width, height],
    270: [0, -1, 1, 0, 0, width],
    horizontal: [-1, 0, 0, 1, width, 0],
    vertical: [1, 0, 0, -1, 0, height],
  };
  const [a = 1, b = 0, c = 0, d = 1, x = 0, y = 0] = matrices[flip === 'none' ? rotation : flip] ?? [];
  const bytes = await readFile(file);
  const at = bytes.indexOf('tkhd') + TO_MATRIX;
  [a, b, 0, c, d, 0, x, y].forEach((value, index) => {
    bytes.writeInt32BE(value * ONE, at + index * 4);
  });
  await writeFile(file, bytes);
}
