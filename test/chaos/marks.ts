/**
 * Marks that identify pictures and sounds of the clips. A picture is a grid of black and white blocks: 16 bits are which
 * clip, 12 bits which picture of it, 4 bits check the others. Every half second of sound is a tone of its own.
 */
export const GRID = { columns: 8, rows: 4 };
export const MARK_BYTES = GRID.columns * GRID.rows;
export const SOUND_RATE = 48_000;
export const HALF_SECONDS = 0.5;

const DARK = 40;
const BRIGHT = 215;
const THRESHOLD = 128;
const TONES = 64;
const LOWEST_HERTZ = 300;
const STEP_HERTZ = 50;
const AMPLITUDE = 8_000;
/** Away from the borders of a half second, where an encoder mixes two tones and a container may begin late. */
const LISTEN_SECONDS = 0.24;
/** Share of the loudness that the tone must have. */
const CLEAR = 0.5;

/** One picture, a byte for each block. */
export function drawMark(clip: number, picture: number): Buffer {
  const value = ((clip & 0xffff) << 12) | (picture & 0xfff);
  const bits = [...Array(28).keys()].map((bit) => (value >>> bit) & 1);
  const check = [...Array(4).keys()].map((bit) => (checkOf(value) >>> bit) & 1);
  return Buffer.from([...bits, ...check].map((bit) => (bit === 1 ? BRIGHT : DARK)));
}

/** Null where the blocks are no mark. */
export function readMark(blocks: Uint8Array): { clip: number; picture: number } | null {
  const bits = [...blocks].map((level) => (level > THRESHOLD ? 1 : 0));
  const number = (from: number, to: number): number =>
    bits.slice(from, to).reduce<number>((sum, bit, index) => sum + bit * 2 ** index, 0);
  const value = number(0, 28);
  if (bits.length !== MARK_BYTES || number(28, 32) !== checkOf(value)) return null;
  return { clip: value >>> 12, picture: value & 0xfff };
}

function checkOf(value: number): number {
  let sum = 0b1001;
  for (let shift = 0; shift < 28; shift += 4) sum = (sum * 3 + ((value >>> shift) & 0xf)) & 0xf;
  return sum;
}

/** The number of the tone that is heard in a half second of a clip; neighbours are far apart. */
export function toneOf(clip: number, half: number): number {
  return (clip * 5 + half * 11) % TONES;
}

/** Mono, 16 bits, little endian. */
export function makeSound(clip: number, seconds: number): Buffer {
  const samples = Math.round(seconds * SOUND_RATE);
  const sound = Buffer.alloc(samples * 2);
  let phase = 0;
  for (let index = 0; index < samples; index += 1) {
    const half = Math.floor(index / (SOUND_RATE * HALF_SECONDS));
    phase += (2 * Math.PI * hertzOf(toneOf(clip, half))) / SOUND_RATE;
    sound.writeInt16LE(Math.round(AMPLITUDE * Math.sin(phase)), index * 2);
  }
  return sound;
}

/** The tone of a half second, null where none is clear. `samples` begin where the film does. */
export function hearTone(samples: Int16Array, rate: number, half: number): number | null {
  const middle = (half + 0.5) * HALF_SECONDS;
  const from = Math.round((middle - LISTEN_SECONDS / 2) * rate);
  const heard = samples.subarray(from, from + Math.round(LISTEN_SECONDS * rate));
  const loudness = heard.reduce((sum, sample) => sum + sample * sample, 0) / heard.length;
  // one tone of amplitude A has the loudness A²/2
  if (heard.length < LISTEN_SECONDS * rate * 0.9 || loudness < AMPLITUDE ** 2 / 32) return null;
  const powers = [...Array(TONES).keys()].map((tone) => powerOf(heard, hertzOf(tone) / rate));
  const best = powers.indexOf(Math.max(...powers));
  return (powers[best] ?? 0) / loudness > CLEAR ? best : null;
}

/** Goertzel: the loudness of one frequency, given in cycles per sample. */
function powerOf(samples: Int16Array, frequency: number): number {
  const factor = 2 * Math.cos(2 * Math.PI * frequency);
  let last = 0;
  let beforeLast = 0;
  for (const sample of samples) [last, beforeLast] = [sample + factor * last - beforeLast, last];
  const power = last * last + beforeLast * beforeLast - factor * last * beforeLast;
  return (2 * power) / samples.length ** 2;
}

function hertzOf(tone: number): number {
  return LOWEST_HERTZ + tone * STEP_HERTZ;
}
