import type { NoticeFacts } from '@reelmill/shared/contracts/notices.ts';
import type { TaskResult, TaskSpecOf } from '@reelmill/shared/contracts/tasks.ts';
import type { TaskKeys } from '@reelmill/shared/core/objectKeys.ts';
import { maxAudioSegments } from '@reelmill/shared/core/timeline.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { TaskContext } from '../context/taskContext.ts';
import { MEDIA_LIMITS } from '../limits/mediaLimits.ts';
import { bareMemory } from '../limits/memoryNeeds.ts';
import { TIME_LIMITS } from '../limits/timeLimits.ts';
import { hasUnknownChannels } from '../programs/programErrors.ts';
import { runProgram } from '../programs/runProgram.ts';
import { maxFiles, withWorkFolder } from '../scratch/taskFolder.ts';
import type { SourceInput } from '../source/inputGuard.ts';
import { type AudioRun, countArgs } from './audioArgs.ts';
import { missingSound } from './audioSegments.ts';
import { checkDecoded, checkSound, isShort, soundNotices } from './soundOutcome.ts';
import { type PipedSound, pipeSound } from './soundPipe.ts';
import { SoundReadLines } from './soundRead.ts';

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
  const unnamedChannels = plan.facts.audio?.unnamedChannels ?? false;
  const run = { ...input, plan, threads: context.threads, unnamedChannels };
  try {
    return await makeAudio(run, keys, spec, context);
  } catch (error) {
    const stderr = error instanceof ReelmillError ? (error.diagnostics ?? '') : '';
    if (unnamedChannels || !hasUnknownChannels(stderr)) throw error;
    return makeAudio({ ...run, unnamedChannels: true }, keys, spec, context);
  }
}

async function makeAudio(
  run: AudioRun,
  keys: TaskKeys,
  { source, plan }: TaskSpecOf<'audio'>,
  context: TaskContext,
): Promise<Extract<TaskResult, { kind: 'audio' }>> {
  const { sizeBytes } = source;
  const maxBytes = ((plan.audio?.bitrate ?? 0) / 8) * MEDIA_LIMITS.durationSeconds * MAX_BYTES_FACTOR;
  const limits = { bytes: maxBytes, files: maxFiles(maxAudioSegments(plan)) };
  return withWorkFolder(context, limits, async (folder, bound) => {
    const sound = await pipeSound(run, {
      ...{ keys, folder, sizeBytes, maxBytes, context: bound },
      check: checkDecoded,
    });
    if (isShort(plan, sound)) await assertReadWhole(run, sound, sizeBytes, bound);
    const rendition = checkSound(plan, sound);
    // how long the last segment is, only the result says
    context.onProgress({ done: 1000, segmentsDone: rendition.segments.length - 1, speed: null });
    const notices: NoticeFacts[] = soundNotices(plan, sound);
    return { kind: 'audio', rendition, ...(notices.length > 0 && { notices }) };
  });
}

/** Counts the packets of the track in a second read. Throws `encoder_failed` where the first one had fewer. */
async function assertReadWhole(
  run: AudioRun,
  { decoded }: PipedSound,
  sizeBytes: number,
  context: TaskContext,
): Promise<void> {
  const lines = new SoundReadLines(run.plan.facts.audio?.streamIndex ?? -1);
  await runProgram('ffmpeg', countArgs(run), {
    signal: context.signal,
    logger: context.logger,
    confinement: context.confinement,
    stallMs: TIME_LIMITS.scanMs,
    timeLimitMs: TIME_LIMITS.scanMs,
    memoryBytes: bareMemory(sizeBytes),
    onErrorLine: (line) => lines.push(line),
  });
  const before = decoded?.read?.packets;
  const packets = lines.read?.packets ?? 0;
  if (before !== undefined && packets > before) {
    throw missingSound(`${before} of ${packets} packets were read\n${decoded?.stderr}`);
  }
}
