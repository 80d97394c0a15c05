import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { GRID, MARK_BYTES } from '../chaos/marks.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 300_000;
const MAX_LOG = 256 * 1024 * 1024;
export const LISTEN_RATE = 8_000;

/** One decoded picture: when it is shown, in the file's own time, and the brightness of its blocks. */
export interface Picture {
  seconds: number;
  blocks: Buffer;
}

export interface DecodedPictures {
  /** In the order in which they came out of the decoder. */
  pictures: Picture[];
  /** What ffmpeg called an error. */
  errors: string[];
}

/** Pieces of sound, mono, in their order; the samples of each follow those of the one before it. */
export interface DecodedSound {
  pieces: { seconds: number; samples: Int16Array }[];
  errors: string[];
}

export interface PictureReading {
  /** Filters before the picture is measured. */
  filters?: readonly string[];
  /** It is taller than wide where the marks are wider than tall. */
  turned?: boolean;
  damagedHevc?: boolean;
  /** What an edit list hides is decoded as well; it has times before 0. */
  withHidden?: boolean;
  /** The first filter brings all pictures to one size: a graph that is built anew loses what its filters hold back. */
  keepsGraph?: boolean;
}

/** Decodes the first video stream of a file from its beginning to its end, as a player would, without any seek. */
export async function decodePictures(file: string, reading: PictureReading = {}): Promise<DecodedPictures> {
  const { filters = [], turned = false, damagedHevc = false } = reading;
  const [columns, rows] = turned ? [GRID.rows, GRID.columns] : [GRID.columns, GRID.rows];
  const measured = `scale=${columns}:${rows}:flags=area:out_range=tv,format=yuv420p,extractplanes=y`;
  const graph = [...filters, 'showinfo=checksum=0', measured].join(',');
  const output = ['-map', '0:v:0', '-vf', graph, '-fps_mode', 'passthrough', '-f', 'rawvideo'];
  // newer versions keep back what their decoder of HEVC makes of damage
  const damaged = damagedHevc ? ['-flags', '+output_corrupt'] : [];
  const input = [
    ...['-noautorotate', ...damaged],
    ...(reading.withHidden ? ['-advanced_editlist', '0'] : []),
    ...(reading.keepsGraph ? ['-reinit_filter', '0'] : []),
  ];
  const { bytes, lines, errors } = await decode(file, input, output);
  const times = pictureTimes(lines);
  const count = Math.min(times.length, Math.floor(bytes.length / MARK_BYTES));
  const pictures = times.slice(0, count).map((seconds, index) => ({
    seconds,
    blocks: bytes.subarray(index * MARK_BYTES, (index + 1) * MARK_BYTES),
  }));
  return { pictures: pictures.filter(({ seconds }) => Number.isFinite(seconds)), errors };
}

/** Decodes the first audio stream of a file, if it has one, and keeps every piece with the time that it has in the file. */
export async function decodeSound(file: string): Promise<DecodedSound> {
  const samples = ['-ac', '1', '-ar', String(LISTEN_RATE), '-f', 's16le'];
  const { bytes, lines, errors } = await decode(file, [], ['-map', '0:a:0?', '-af', 'ashowinfo', ...samples]);
  const all = new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 2));
  const pieces: DecodedSound['pieces'] = [];
  let at = 0;
  for (const line of lines) {
    const found = /ashowinfo.* pts:(\S+) .* rate:(\d+) nb_samples:(\d+)/.exec(line);
    if (found === null) continue;
    const [, pts, rate, count] = found;
    const end = at + (Number(count) * LISTEN_RATE) / Number(rate);
    const seconds = Number(pts) / Number(rate);
    if (Number.isFinite(seconds))
      pieces.push({ seconds, samples: all.subarray(Math.round(at), Math.round(end)) });
    at = end;
  }
  return { pieces, errors };
}

/** In seconds, by the clock that each configuration of the filter names; NaN for a picture without a time. */
function pictureTimes(lines: readonly string[]): number[] {
  let tick = Number.NaN;
  const times: number[] = [];
  for (const line of lines) {
    const clock = /showinfo.* config in time_base: (\d+)\/(\d+)/.exec(line);
    if (clock) tick = Number(clock[1]) / Number(clock[2]);
    const shown = /showinfo.* n: *\d+ pts: *(\S+)/.exec(line);
    if (shown) times.push(Number(shown[1]) * tick);
  }
  return times;
}

async function decode(
  file: string,
  input: readonly string[],
  output: readonly string[],
): Promise<{ bytes: Buffer; lines: string[]; errors: string[] }> {
  const raw = `${file}.${output.includes('rawvideo') ? 'gray' : 's16'}`;
  const general = ['-v', 'level+info', '-nostdin', '-nostats', '-hide_banner', '-y', '-copyts'];
  try {
    // files that cannot be read at all have no raw output
    const end = await run('ffmpeg', [...general, ...input, '-i', file, ...output, raw], {
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_LOG,
    }).catch((error: { stderr?: string }) => ({ stderr: error.stderr ?? '' }));
    const lines = end.stderr.split('\n');
    const errors = lines.filter((line) => /\[(?:error|fatal|panic)\]/.test(line));
    return { bytes: await readFile(raw).catch(() => Buffer.alloc(0)), lines, errors };
  } finally {
    await rm(raw, { force: true });
  }
}
