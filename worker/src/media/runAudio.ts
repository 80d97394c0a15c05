import type { TaskResult, TaskSpecOf } from '@reelmill/shared/contracts/tasks.ts';
import type { TaskKeys } from '@reelmill/shared/core/objectKeys.ts';
import { maxAudioSegments, plannedDurationSeconds } from '@reelmill/shared/core/timeline.ts';
import { AUDIO_NAME, audioArgs } from './audioArgs.ts';
import { MEDIA_LIMITS } from './limits.ts';
import { explainFailedEncode } from './mediaErrors.ts';
import { bareMemory } from './memoryNeeds.ts';
import { runToSegments } from './segmentRun.ts';
import type { SourceInput } from './source.ts';
import type { TaskContext } from './taskContext.ts';
import { audioLimitMs } from './timeLimits.ts';
import { mostFiles, withWorkFolder } from './workFolder.ts';

const MAX_BYTES_FACTOR = 3;

/**
 * Makes the audio rendition of a whole video and stores it. A track that cannot be decoded leaves the video without
 * sound instead of failing it: the result is then null.
 */
export async function runAudio(
  keys: TaskKeys,
  spec: TaskSpecOf<'audio'>,
  input: SourceInput,
  context: TaskContext,
): Promise<Extract<TaskResult, { kind: 'audio' }>> {
  const { plan } = spec;
  if (plan.audio === null) return { kind: 'audio', rendition: null };
  const { bitrate } = plan.audio;
  const seconds = plannedDurationSeconds(plan);
  const maxBytes = (bitrate / 8) * MEDIA_LIMITS.durationSeconds * MAX_BYTES_FACTOR;
  const limits = { bytes: maxBytes, files: mostFiles(maxAudioSegments(plan)) };
  return withWorkFolder(context, limits, async (folder, bound) => {
    const end = await runToSegments({
      args: audioArgs({ ...input, plan, threads: context.threads }),
      folder,
      names: [AUDIO_NAME],
      contentType: 'audio/mp4',
      keys,
      firstSegment: 0,
      maxSegments: maxAudioSegments(plan),
      check: () => {},
      timeLimitMs: audioLimitMs(seconds),
      memoryBytes: bareMemory(spec.source.sizeBytes),
      maxBytes,
      context: bound,
      unitsOf: (report) => Math.min(1000, Math.round(((report.outTimeSeconds ?? 0) / seconds) * 1000)),
    });
    const [rendition] = end.outputs;
    if (end.exitCode !== 0) {
      const failure = explainFailedEncode(end.exitCode, end.stderr);
      if (rendition || failure.code !== 'encoder_failed') throw failure;
    }
    if (!rendition) context.logger.warn({ stderr: end.stderr }, 'the audio cannot be decoded');
    context.onProgress({ done: 1000, segmentsDone: rendition?.segments.length ?? 0, speed: null });
    return { kind: 'audio', rendition: rendition ?? null };
  });
}
