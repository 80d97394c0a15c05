import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RenditionOutput } from '@reelmill/shared/contracts/media.ts';
import type { TaskKeys } from '@reelmill/shared/core/objectKeys.ts';
import { maxAudioSegments, originSeconds, plannedDurationSeconds } from '@reelmill/shared/core/timeline.ts';
import type { TaskContext } from '../context/taskContext.ts';
import { bareMemory } from '../limits/memoryNeeds.ts';
import { audioLimitMs, TIME_LIMITS } from '../limits/timeLimits.ts';
import type { ProgramEnd } from '../programs/programEnd.ts';
import { type RunningProgram, startProgram } from '../programs/runProgram.ts';
import { runToSegments } from '../segments/segmentRun.ts';
import { shortEndOf } from '../segments/shortEnd.ts';
import { AUDIO_NAME, type AudioRun, audioArgs, DECODED_BYTES, decodeArgs } from './audioArgs.ts';
import { audioSegmentCheck } from './audioSegments.ts';
import { type SoundRead, SoundReadLines } from './soundRead.ts';
import { plannedSamples, SoundTimeline } from './soundTimeline.ts';

export interface SoundTarget {
  keys: TaskKeys;
  folder: string;
  /** Of the source. */
  sizeBytes: number;
  maxBytes: number;
  context: TaskContext;
  /** Throws where sound is not to be published, though decoded as far as it goes. */
  check(decoded: DecodedSound): void;
}

/** How the decoder ended. */
export interface DecodedSound extends ProgramEnd {
  /** What it reported to have read; null where it did not report. */
  read: SoundRead | null;
}

export interface PipedSound {
  /** Null where the timeline was full before the sound ended. */
  decoded: DecodedSound | null;
  encoded: ProgramEnd & { output: RenditionOutput | null };
  timeline: SoundTimeline;
}

/**
 * Decodes a track with one ffmpeg, puts its samples on the video's timeline, and encodes that with another one, all at the
 * same time: an ffmpeg that did both would begin its timeline anew where the sound changes its rate or its channels.
 * Resolves when both have ended, or rejects with the first failure of either.
 */
export async function pipeSound(run: AudioRun, target: SoundTarget): Promise<PipedSound> {
  const timeline = new SoundTimeline({
    ...plannedSamples(run.plan),
    originSeconds: originSeconds(run.plan.facts),
  });
  const stop = new AbortController();
  const bound = {
    ...target,
    context: { ...target.context, signal: AbortSignal.any([target.context.signal, stop.signal]) },
  };
  const input = Promise.withResolvers<Writable>();
  // a decoder that fails before it has put anything out never asks for it
  input.promise.catch(() => undefined);
  let failure: unknown = null;
  const fail = (error: unknown): void => {
    failure ??= error;
    input.reject(error);
    stop.abort();
  };
  const encoding = encode(run, bound, input.resolve);
  const decoding = decode(run, bound, timeline, input.promise);
  encoding.catch(fail);
  decoding.catch(fail);
  const [encoded, decoded] = await Promise.allSettled([encoding, decoding]);
  if (encoded.status === 'rejected' || decoded.status === 'rejected') throw failure;
  return { encoded: encoded.value, decoded: decoded.value, timeline };
}

async function encode(
  run: AudioRun,
  { keys, folder, maxBytes, context }: SoundTarget,
  onInput: (input: Writable) => void,
): Promise<PipedSound['encoded']> {
  const seconds = plannedDurationSeconds(run.plan);
  const { outputs, ...end } = await runToSegments({
    ...{ keys, folder, maxBytes, context, onInput },
    args: audioArgs(run),
    memoryBytes: bareMemory(0),
    outputs: [{ name: AUDIO_NAME, size: null }],
    contentType: 'audio/mp4',
    firstSegment: 0,
    maxSegments: maxAudioSegments(run.plan),
    shortEnd: shortEndOf(run.plan, 0),
    check: audioSegmentCheck(run.plan),
    timeLimitMs: audioLimitMs(seconds),
    unitsOf: (report) => Math.min(1000, Math.round(((report.outTimeSeconds ?? 0) / seconds) * 1000)),
    hasAdvanced: readingAdvances(run),
  });
  return { ...end, output: outputs[0] ?? null };
}

async function decode(
  run: AudioRun,
  { sizeBytes, context, check }: SoundTarget,
  timeline: SoundTimeline,
  input: Promise<Writable>,
): Promise<DecodedSound | null> {
  const enough = new AbortController();
  const lines = new SoundReadLines(run.plan.facts.audio?.streamIndex ?? -1);
  const copied = Promise.withResolvers<DecodedSound | null>();
  const program: RunningProgram = startProgram('ffmpeg', decodeArgs(run), {
    signal: AbortSignal.any([context.signal, enough.signal]),
    logger: context.logger,
    confinement: context.confinement,
    stallMs: TIME_LIMITS.stallMs,
    timeLimitMs: audioLimitMs(plannedDurationSeconds(run.plan)),
    memoryBytes: bareMemory(sizeBytes),
    hasAdvanced: readingAdvances(run),
    onErrorLine: (line) => lines.push(line),
    onOutput(output, advanced) {
      copied.resolve(copy(output, advanced));
    },
  });
  const ended = program.ended.then(
    (end) => ({ ...end, read: lines.read }),
    (error: unknown) => {
      if (enough.signal.aborted && !context.signal.aborted) return null;
      throw error;
    },
  );
  const copy = async (output: Readable, advanced: () => void): Promise<DecodedSound | null> => {
    let decoded: DecodedSound | null = null;
    const channels = run.plan.audio?.channels ?? 0;
    await pipeline(
      output,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const samples of wholeSamples(chunks, channels + 1)) {
          advanced();
          for (const block of timeline.add(samples)) yield bytesOf(block);
          if (timeline.full) enough.abort();
        }
        decoded = await ended;
        if (decoded !== null) check(decoded);
        for (const block of timeline.finish()) yield bytesOf(block);
      },
      await input,
    ).catch((error: unknown) => {
      // how the encoder ended says more than that it takes no more
      if (!isClosedPipe(error)) throw error;
      enough.abort();
    });
    return decoded;
  };
  // a program that never began has no output
  ended.catch(copied.reject);
  return copied.promise;
}

/** Puts what arrives in pieces together to whole samples of `width` numbers. */
async function* wholeSamples(chunks: AsyncIterable<Buffer>, width: number): AsyncGenerator<Float64Array> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % (width * DECODED_BYTES));
    rest = bytes.subarray(whole);
    // numbers lie at multiples of their size only in a buffer of their own
    if (whole > 0) yield new Float64Array(new Uint8Array(bytes.subarray(0, whole)).buffer);
  }
}

function bytesOf(samples: Float32Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** Returns whether more of the source was read since the last call: much of a file may hold no sound. */
function readingAdvances({ deliveredBytes }: AudioRun): () => boolean {
  let before = deliveredBytes?.() ?? 0;
  return () => {
    const now = deliveredBytes?.() ?? 0;
    const advanced = now > before;
    before = now;
    return advanced;
  };
}

function isClosedPipe(error: unknown): boolean {
  const codes: unknown[] = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'];
  return error instanceof Error && 'code' in error && codes.includes(error.code);
}
