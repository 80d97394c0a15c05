import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { toneOfSecond } from './slides.ts';

const run = promisify(execFile);
const TS_PACKET_BYTES = 188;
/** The sound of a stream that ffmpeg writes behind a picture. */
const TS_SOUND_PID = 0x101;

export async function ffmpeg(...args: string[]): Promise<void> {
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
}

/** Input options of a picture without content. */
export function plainPicture(seconds: number): string[] {
  return ['-f', 'lavfi', '-i', `color=gray:size=64x64:rate=5:duration=${seconds}`];
}

/** Input options of a sound with a tone of its own in every second (`toneOfSecond`), from second `first` on. */
export function tonePerSecond(seconds: number, { first = 0, rate = 48_000, channels = 1 } = {}): string[] {
  const tone = `0.3*sin(2*PI*(300+40*mod(floor(t)+${first}\\,40))*t)`;
  const layout = { 1: 'mono', 2: 'stereo', 6: '5.1' }[channels];
  const channelTones = Array.from({ length: channels }, () => tone).join('|');
  return ['-f', 'lavfi', '-i', `aevalsrc=${channelTones}:s=${rate}:c=${layout}:d=${seconds}`];
}

export const SMALL_PICTURE = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-pix_fmt', 'yuv420p'];

/** A part of a broadcast: its sound in one format, begun at second `first`. */
export interface BroadcastPart {
  rate?: number;
  channels?: number;
  seconds: number;
}

/** MPEG-TS whose sound changes its format from part to part, as broadcasts do. */
export async function makeBroadcast(
  file: string,
  codec: string,
  parts: readonly BroadcastPart[],
): Promise<void> {
  const pieces: Buffer[] = [];
  let first = 0;
  for (const [index, { seconds, ...format }] of parts.entries()) {
    const part = `${file}.${index}.ts`;
    await ffmpeg(
      ...[...plainPicture(seconds), ...tonePerSecond(seconds, { first, ...format }), ...SMALL_PICTURE],
      ...['-c:a', codec, '-b:a', '192k', '-output_ts_offset', String(first), '-f', 'mpegts', part],
    );
    pieces.push(await readFile(part));
    first += seconds;
  }
  await writeFile(file, Buffer.concat(pieces));
}

/** Moves the time of one packet of the sound of an MPEG-TS file, the `n`th (negative: from the end). */
export async function moveSoundTime(file: string, n: number, seconds: number): Promise<void> {
  const bytes = await readFile(file);
  const times: number[] = [];
  for (let at = 0; at + TS_PACKET_BYTES <= bytes.length; at += TS_PACKET_BYTES) {
    const head = bytes.readUInt32BE(at);
    const beginsPacket = (head & 0x400000) !== 0;
    if (((head >> 8) & 0x1fff) !== TS_SOUND_PID || !beginsPacket) continue;
    const adaptation = (head & 0x20) !== 0 ? 1 + (bytes[at + 4] ?? 0) : 0;
    times.push(at + 4 + adaptation + 9);
  }
  const at = times.at(n);
  if (at === undefined) throw new RangeError(`no packet ${n}`);
  const pts =
    ((bytes.readUInt8(at) >> 1) & 7) * 2 ** 30 +
    (bytes.readUInt16BE(at + 1) >> 1) * 2 ** 15 +
    (bytes.readUInt16BE(at + 3) >> 1);
  const moved = pts + seconds * 90_000;
  bytes.writeUInt8((bytes.readUInt8(at) & 0xf1) | (Math.floor(moved / 2 ** 30) << 1), at);
  bytes.writeUInt16BE(((Math.floor(moved / 2 ** 15) & 0x7fff) << 1) | 1, at + 1);
  bytes.writeUInt16BE(((moved % 2 ** 15) << 1) | 1, at + 3);
  await writeFile(file, bytes);
}

/** A QuickTime file of so many channels without names; one of them has the tones, the others are silent. */
export async function makeUnnamedChannels(
  file: string,
  channels: number,
  heard: number,
  seconds: number,
): Promise<void> {
  const rate = 48_000;
  const samples = Buffer.alloc(seconds * rate * channels * 2);
  for (let index = 0; index < seconds * rate; index++) {
    const angle = 2 * Math.PI * toneOfSecond(Math.floor(index / rate)) * (index / rate);
    samples.writeInt16LE(Math.round(10_000 * Math.sin(angle)), (index * channels + heard) * 2);
  }
  const raw = ['-f', 's16le', '-ar', String(rate), '-ac', String(channels), '-guess_layout_max', '0'];
  const input = ['-v', 'error', '-y', ...plainPicture(seconds), ...raw, '-i', 'pipe:0'];
  const made = spawn('ffmpeg', [...input, ...SMALL_PICTURE, '-c:a', 'pcm_s16le', file], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  made.stdin.end(samples);
  const [code] = await once(made, 'close');
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
}

/**
 * Uncompressed sound as ISO/IEC 23003-5 has it in MP4: ffmpeg's QuickTime file with another sample entry. `bits` is what
 * the entry has where it is not what the sound has.
 */
export async function makePcmMp4(
  file: string,
  { codec, bits }: { codec: string; bits?: number },
  seconds: number,
): Promise<void> {
  const mov = `${file}.mov`;
  await ffmpeg(...plainPicture(seconds), ...tonePerSecond(seconds), ...SMALL_PICTURE, '-c:a', codec, mov);
  const bytes = await readFile(mov);
  const [, kind, size, order] = /^pcm_([sf])(\d+)([lb]e)$/.exec(codec) ?? [];
  bytes.write('isom', bytes.indexOf('qt  '), 'latin1');
  const handler = bytes.indexOf('soun');
  const entry = bytes.indexOf('stsd', handler) + 12;
  const entryBytes = bytes.readUInt32BE(entry);
  bytes.write(kind === 'f' ? 'fpcm' : 'ipcm', entry + 4, 'latin1');
  bytes.writeUInt16BE(0, entry + 16);
  // what writers put there, whatever the sound has
  bytes.writeUInt16BE(16, entry + 26);
  const pcm = entry + 36;
  bytes.writeUInt32BE(14, pcm);
  bytes.write('pcmC\0\0\0\0', pcm + 4, 'latin1');
  bytes.writeUInt8(order === 'le' ? 1 : 0, pcm + 12);
  bytes.writeUInt8(bits ?? Number(size), pcm + 13);
  bytes.writeUInt32BE(entry + entryBytes - pcm - 14, pcm + 14);
  bytes.write('free', pcm + 18, 'latin1');
  await writeFile(file, bytes);
}

/** Overwrites the decoder configuration of a file's first AAC track. */
export async function damageSoundSetUp(file: string): Promise<void> {
  const bytes = await readFile(file);
  const isMatroska = path.extname(file) === '.mkv';
  // the tag of the configuration; the private data of the codec
  const mark = isMatroska ? Buffer.from([0x63, 0xa2]) : Buffer.from([5, 0x80, 0x80, 0x80]);
  const at = bytes.indexOf(mark, bytes.indexOf(isMatroska ? 'A_AAC' : 'esds'));
  bytes.writeUInt16BE(0xffff, at + mark.length + 1);
  await writeFile(file, bytes);
}
