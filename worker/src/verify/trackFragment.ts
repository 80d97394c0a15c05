import { onlyBox, parseBoxes } from './boxes.ts';
import { damaged } from './damage.ts';

/** What a `traf` describes. Times are in ticks of the init's timescale. */
export interface TrackFragment {
  samples: number;
  startTicks: number;
  durationTicks: number;
  /** Whether the first sample can be decoded without others. */
  startsWithSync: boolean;
}

/** Where the samples' data are: the content of the `mdat`, counted from the start of the `moof`. */
interface DataRange {
  offset: number;
  sizeBytes: number;
}

interface Defaults {
  duration: number | null;
  size: number | null;
  flags: number | null;
}

interface Run {
  samples: number;
  bytes: number;
  durationTicks: number;
  dataOffset: number | null;
  firstFlags: number | null;
}

/** Our init segments have one track. */
const TRACK_ID = 1;
/** Which fields a `tfhd` has (ISO/IEC 14496-12, 8.8.7), and what it says without one. */
const TFHD = {
  sampleDescription: 0x02,
  duration: 0x08,
  size: 0x10,
  flags: 0x20,
  baseIsMoof: 0x02_0000,
};
/** Which fields a `trun` has (8.8.8): once, and for each sample. */
const TRUN = { dataOffset: 0x01, firstFlags: 0x04 };
const TRUN_SAMPLE = { duration: 0x100, size: 0x200, flags: 0x400, timeOffset: 0x800 };
const TRAF_BOXES = new Set(['tfhd', 'tfdt', 'trun']);
const NON_SYNC = 0x01_0000;
const FIELD_BYTES = 4;

/**
 * Reads a `traf` as a muxer of our own writes it. Throws `output_damaged` where a box of it has not the length that its
 * flags give it, or where its samples are not exactly what is in `data`.
 */
export function readTrackFragment(traf: Buffer, data: DataRange): TrackFragment {
  const boxes = parseBoxes(traf);
  const unknown = boxes.find(({ type }) => !TRAF_BOXES.has(type));
  if (unknown !== undefined) throw damaged(`a box ${JSON.stringify(unknown.type)} in a traf`);
  const defaults = readDefaults(onlyBox(boxes, 'tfhd'));
  const runs = boxes.filter(({ type }) => type === 'trun').map(({ body }) => readRun(body, defaults));
  const [first] = runs;
  if (first === undefined) throw damaged('a traf without a trun');
  const bytes = placeRuns(runs, data);
  if (bytes !== data.sizeBytes) throw damaged(`samples of ${bytes} bytes in an mdat of ${data.sizeBytes}`);
  const durationTicks = runs.reduce((sum, run) => sum + run.durationTicks, 0);
  if (durationTicks === 0) throw damaged('samples without a duration');
  return {
    samples: runs.reduce((sum, run) => sum + run.samples, 0),
    startTicks: readStart(onlyBox(boxes, 'tfdt')),
    durationTicks,
    startsWithSync: first.firstFlags !== null && (first.firstFlags & NON_SYNC) === 0,
  };
}

/** Each run begins where the one before it ends. Returns the bytes of all. */
function placeRuns(runs: readonly Run[], { offset }: DataRange): number {
  let bytes = 0;
  for (const [index, run] of runs.entries()) {
    const at = run.dataOffset ?? (index === 0 ? null : offset + bytes);
    if (at !== offset + bytes) throw damaged(`samples at ${at} where the data are at ${offset + bytes}`);
    bytes += run.bytes;
  }
  return bytes;
}

function readDefaults(tfhd: Buffer): Defaults {
  const flags = flagsOf(tfhd, 'tfhd', 8);
  const known = (flags & ~allOf(TFHD)) === 0 && (flags & TFHD.baseIsMoof) !== 0;
  const fields = new Fields(tfhd, 8);
  fields.optional(flags & TFHD.sampleDescription);
  const defaults = {
    duration: fields.optional(flags & TFHD.duration),
    size: fields.optional(flags & TFHD.size),
    flags: fields.optional(flags & TFHD.flags),
  };
  if (!known || tfhd.readUInt8(0) !== 0 || !fields.areAll || tfhd.readUInt32BE(4) !== TRACK_ID) {
    throw damaged('a tfhd of another form');
  }
  return defaults;
}

function readStart(tfdt: Buffer): number {
  const [version = 2] = tfdt;
  if (version > 1 || tfdt.length !== (version === 1 ? 12 : 8)) throw damaged('a tfdt of another form');
  return version === 1 ? Number(tfdt.readBigUInt64BE(4)) : tfdt.readUInt32BE(4);
}

function readRun(trun: Buffer, defaults: Defaults): Run {
  const flags = flagsOf(trun, 'trun', 8);
  const samples = trun.readUInt32BE(4);
  assertRunForm(trun, flags, samples);
  const fields = new Fields(trun, 8);
  const dataOffset = fields.optional(flags & TRUN.dataOffset);
  const firstFlags = fields.optional(flags & TRUN.firstFlags);
  const run: Run = { samples, bytes: 0, durationTicks: 0, dataOffset, firstFlags };
  for (let sample = 0; sample < samples; sample++) {
    const duration = fields.optional(flags & TRUN_SAMPLE.duration) ?? defaults.duration;
    const size = fields.optional(flags & TRUN_SAMPLE.size) ?? defaults.size;
    const sampleFlags = fields.optional(flags & TRUN_SAMPLE.flags) ?? defaults.flags;
    fields.optional(flags & TRUN_SAMPLE.timeOffset);
    if (duration === null || size === null || size === 0) throw damaged('a sample without duration or size');
    run.durationTicks += duration;
    run.bytes += size;
    if (sample === 0) run.firstFlags ??= sampleFlags;
  }
  return run;
}

/** Throws `output_damaged` where a run has other fields than we write, or not the length that its fields have. */
function assertRunForm(trun: Buffer, flags: number, samples: number): void {
  const known = (flags & ~(allOf(TRUN) | allOf(TRUN_SAMPLE))) === 0 && trun.readUInt8(0) <= 1;
  const bytes = 8 + FIELD_BYTES * (countOf(TRUN, flags) + samples * countOf(TRUN_SAMPLE, flags));
  if (!known || trun.length !== bytes) throw damaged(`a trun of ${trun.length} bytes for ${samples} samples`);
  if (samples === 0) throw damaged('a trun without samples');
}

function allOf(flags: Readonly<Record<string, number>>): number {
  return Object.values(flags).reduce((all, flag) => all | flag, 0);
}

/** How many of the fields are there. */
function countOf(fields: Readonly<Record<string, number>>, flags: number): number {
  return Object.values(fields).filter((flag) => flags & flag).length;
}

function flagsOf(box: Buffer, type: string, minBytes: number): number {
  if (box.length < minBytes) throw damaged(`a ${type} of ${box.length} bytes`);
  return box.readUIntBE(1, 3);
}

/** Numbers of 32 bits that lie one behind the other, as far as flags say that they are there. */
class Fields {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The next number; null without `flag`. Throws `output_damaged` behind the end. */
  optional(flag: number): number | null {
    if (flag === 0) return null;
    const at = this.#at;
    this.#at += FIELD_BYTES;
    if (this.#at > this.#bytes.length) throw damaged('a box that is shorter than its flags say');
    return this.#bytes.readUInt32BE(at);
  }

  /** Whether nothing is left. */
  get areAll(): boolean {
    return this.#at === this.#bytes.length;
  }
}
