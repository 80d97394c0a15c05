import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** What an init segment says. `sha256` tells whether two workers' segments belong together. */
export interface InitInfo {
  sha256: string;
  sizeBytes: number;
  /** Ticks per second. */
  timescale: number;
  /** RFC 6381. */
  codecs: string;
}

/** What a media segment holds. Times are in ticks of its init's timescale. */
export interface FragmentInfo {
  sizeBytes: number;
  samples: number;
  startTicks: number;
  durationTicks: number;
}

/** A `moof` of a minute of 60 frames per second is far below this. */
const MAX_HEADER_BYTES = 1024 * 1024;
/** Ours have about a kilobyte. */
const MAX_INIT_BYTES = 64 * 1024;
/** A muxer of our own writes about thirty boxes, six deep; a program that was taken over writes what it likes. */
const MAX_BOXES = 1_000;
const MAX_DEPTH = 8;
const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'moof', 'traf']);

/** Reads an init segment (a few hundred bytes) that a muxer of our own wrote. Throws `encoder_failed`. */
export async function readInit(file: string): Promise<InitInfo> {
  const { size } = await stat(file);
  if (size > MAX_INIT_BYTES) throw malformed(`an init segment of ${size} bytes`);
  const bytes = await readStart(file, size);
  const boxes = indexBoxes(bytes);
  const timescale = boxes.get('mdhd')?.[0];
  if (timescale === undefined) throw malformed('no mdhd in the init segment');
  const version = timescale.readUInt8(0);
  return {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    sizeBytes: bytes.length,
    timescale: timescale.readUInt32BE(version === 1 ? 20 : 12),
    codecs: codecsOf(bytes),
  };
}

/**
 * Reads the head of a media segment: how many samples it holds, when they begin and how long they last. The muxer
 * writes an empty one where it got nothing at all. Throws `encoder_failed`.
 */
export async function readFragment(file: string): Promise<FragmentInfo> {
  const { size } = await stat(file);
  const boxes = indexBoxes(await readStart(file, Math.min(size, MAX_HEADER_BYTES)));
  const [tfhd] = boxes.get('tfhd') ?? [];
  const [tfdt] = boxes.get('tfdt') ?? [];
  if (!boxes.has('moof')) return { sizeBytes: size, samples: 0, startTicks: 0, durationTicks: 0 };
  if (!tfhd || !tfdt) throw malformed('no tfhd or tfdt in a segment');
  const runs = (boxes.get('trun') ?? []).map((trun) => readRun(trun, defaultDuration(tfhd)));
  return {
    sizeBytes: size,
    samples: runs.reduce((sum, run) => sum + run.samples, 0),
    startTicks: tfdt.readUInt8(0) === 1 ? Number(tfdt.readBigUInt64BE(4)) : tfdt.readUInt32BE(4),
    durationTicks: runs.reduce((sum, run) => sum + run.durationTicks, 0),
  };
}

async function readStart(file: string, length: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Bodies of all boxes by type, nested ones included; what lies beyond the bytes at hand is left out. */
function indexBoxes(bytes: Buffer): Map<string, Buffer[]> {
  const found = new Map<string, Buffer[]>();
  addBoxes(bytes, { found, count: 0 }, 1);
  return found;
}

function addBoxes(
  bytes: Buffer,
  index: { found: Map<string, Buffer[]>; count: number },
  depth: number,
): void {
  if (depth > MAX_DEPTH) throw malformed('boxes in boxes without end');
  let at = 0;
  while (at + 8 <= bytes.length) {
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (size < 8 || at + size > bytes.length) break;
    index.count += 1;
    if (index.count > MAX_BOXES) throw malformed('boxes without number');
    const body = bytes.subarray(at + 8, at + size);
    const known = index.found.get(type);
    if (known) known.push(body);
    else index.found.set(type, [body]);
    if (CONTAINERS.has(type)) addBoxes(body, index, depth + 1);
    at += size;
  }
}

/** `default_sample_duration`, behind the optional fields that come before it. */
function defaultDuration(tfhd: Buffer): number {
  const flags = tfhd.readUIntBE(1, 3);
  const offset = 8 + (flags & 0x01 ? 8 : 0) + (flags & 0x02 ? 4 : 0);
  return flags & 0x08 ? tfhd.readUInt32BE(offset) : 0;
}

function readRun(trun: Buffer, sampleDuration: number): { samples: number; durationTicks: number } {
  const flags = trun.readUIntBE(1, 3);
  const samples = trun.readUInt32BE(4);
  const perSample = [0x100, 0x200, 0x400, 0x800].filter((flag) => flags & flag).length * 4;
  if (!(flags & 0x100)) return { samples, durationTicks: samples * sampleDuration };
  let at = 8 + (flags & 0x01 ? 4 : 0) + (flags & 0x04 ? 4 : 0);
  let durationTicks = 0;
  for (let sample = 0; sample < samples; sample++, at += perSample) durationTicks += trun.readUInt32BE(at);
  return { samples, durationTicks };
}

/** From the decoder's own configuration: profile, constraints and level of `avcC`, or AAC-LC. */
function codecsOf(init: Buffer): string {
  const avcC = init.indexOf('avcC', 0, 'latin1');
  if (avcC >= 0) return `avc1.${init.toString('hex', avcC + 5, avcC + 8)}`;
  if (init.includes('mp4a', 0, 'latin1')) return 'mp4a.40.2';
  throw malformed('neither H.264 nor AAC in the init segment');
}

function malformed(what: string): ReelmillError {
  return new ReelmillError('encoder_failed', 'ffmpeg wrote a segment that cannot be read.', {
    diagnostics: what,
  });
}
