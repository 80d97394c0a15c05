import type { TaskResult, TaskSpecOf } from '@reelmill/shared/contracts/tasks.ts';
import type { TaskKeys } from '@reelmill/shared/core/objectKeys.ts';
import { maxAudioSegments, plannedDurationSeconds } from '@reelmill/shared/core/timeline.ts';
import { AUDIO_NAME, type AudioRun, audioArgs, countArgs } from './audioArgs.ts';
import { audioSegmentCheck } from './audioSegments.ts';
import { MEDIA_LIMITS, TIME_LIMITS } from './limits.ts';
import { bareMemory } from './memoryNeeds.ts';
import { runProgram } from './runProgram.ts';
import { runToSegments } from './segmentRun.ts';
import { shortEndOf } from './shortEnd.ts';
import { checkSound, isShort, missingSound, type SoundEnd } from './soundOutcome.ts';
import { parseSoundRead, type SoundRead } from './soundRead.ts';
import type { SourceInput } from './source.ts';
import type { TaskContext } from './taskContext.ts';
import { audioLimitMs } from './timeLimits.ts';
import { mostFiles, withWorkFolder } from './workFolder.ts';

const MAX_BYTES_FACTOR = 3;

/**
 * Makes the audio rendition of a whole video and stores it; it is null only where the plan has none. Throws the
 * MediaFault `undecodable` where the decoder refuses the track, and `encoder_failed`, which blames nobody, where sound is
 * missing that the source has.
 */
export async function runAudio(
  keys: TaskKeys,
  spec: TaskSpecOf<'audio'>,
  input: SourceInput,
  context: TaskContext,
): Promise<Extract<TaskResult, { kind: 'audio' }>> {
  const { plan } = spec;
  if (plan.audio === null) return { kind: 'audio', rendition: null };
  const run = { ...input, plan, threads: context.threads };
  const memoryBytes = bareMemory(spec.source.sizeBytes);
  const { bitrate } = plan.audio;
  const maxBytes = (bitrate / 8) * MEDIA_LIMITS.durationSeconds * MAX_BYTES_FACTOR;
  const limits = { bytes: maxBytes, files: mostFiles(maxAudioSegments(plan)) };
  return withWorkFolder(context, limits, async (folder, bound) => {
    const end = await encodeSound(run, { keys, folder, memoryBytes, maxBytes, context: bound });
    if (isShort(plan, end.read)) await assertReadWhole(run, end, memoryBytes, bound);
    const rendition = checkSound(plan, end);
    // how long the last segment is, the result alone tells
    context.onProgress({ done: 1000, segmentsDone: rendition.segments.length - 1, speed: null });
    return { kind: 'audio', rendition };
  });
}

async function encodeSound(
  run: AudioRun,
  to: {
    keys: TaskKeys;
    folder: string;
    memoryBytes: number;
    maxBytes: number;
    context: TaskContext;
  },
): Promise<SoundEnd> {
  const { plan } = run;
  const seconds = plannedDurationSeconds(plan);
  let read: SoundRead | null = null;
  const end = await runToSegments({
    ...to,
    args: audioArgs(run),
    outputs: [{ name: AUDIO_NAME, size: null }],
    contentType: 'audio/mp4',
    firstSegment: 0,
    maxSegments: maxAudioSegments(plan),
    shortEnd: shortEndOf(plan, 0),
    check: audioSegmentCheck(plan),
    timeLimitMs: audioLimitMs(seconds),
    unitsOf: (report) => Math.min(1000, Math.round(((report.outTimeSeconds ?? 0) / seconds) * 1000)),
    onErrorLine: (line) => {
      read = readOf(run, line) ?? read;
    },
  });
  return { ...end, read, output: end.outputs[0] ?? null };
}

/** Counts the packets of the track in a second read. Throws `encoder_failed` where the first one had fewer. */
async function assertReadWhole(
  run: AudioRun,
  { read, stderr }: SoundEnd,
  memoryBytes: number,
  context: TaskContext,
): Promise<void> {
  let counted: SoundRead | null = null;
  await runProgram('ffmpeg', countArgs(run), {
    signal: context.signal,
    logger: context.logger,
    confinement: context.confinement,
    stallMs: TIME_LIMITS.scanMs,
    timeLimitMs: TIME_LIMITS.scanMs,
    memoryBytes,
    onLine: () => true,
    onErrorLine: (line) => {
      counted = readOf(run, line) ?? counted;
    },
  });
  const { packets } = (counted as SoundRead | null) ?? { packets: 0 }; // assigned where the compiler does not look
  if (read !== null && packets > read.packets) {
    throw missingSound(`${read.packets} of ${packets} packets were read\n${stderr}`);
  }
}

function readOf({ plan }: AudioRun, line: string): SoundRead | null {
  return plan.facts.audio && parseSoundRead(line, plan.facts.audio.streamIndex);
}
