import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { TaskContext } from '../context/taskContext.ts';
import { bareMemory } from '../limits/memoryNeeds.ts';
import { TIME_LIMITS } from '../limits/timeLimits.ts';
import { runProgram } from '../programs/runProgram.ts';

/*
 * From 7.1 on, ffmpeg cuts off what a container calls no part of the picture (`clap` of QuickTime, `PixelCrop…` of
 * Matroska), and ffprobe does not say so. What is left has neither the size nor the shape of the facts.
 */

const OPTION = /^-apply_cropping\b/;
type Asking = Pick<TaskContext, 'signal' | 'logger' | 'confinement'>;
let known: boolean | null = null;

/** Input options that have ffmpeg crop what the codec says, and nothing else. */
export const UNCROPPED_ARGS = ['-apply_cropping', 'codec'] as const;

/** Whether the ffmpeg of this process would crop, and takes `UNCROPPED_ARGS`. It is asked once, at best before the first task. */
export async function cropsByContainer(context: Asking): Promise<boolean> {
  if (known === null) known = await ask(context);
  return known;
}

async function ask({ signal, logger, confinement }: Asking): Promise<boolean> {
  let takes = false;
  const { exitCode, stderr } = await runProgram('ffmpeg', ['-hide_banner', '-h', 'long'], {
    signal,
    logger,
    confinement,
    stallMs: TIME_LIMITS.probeMs,
    timeLimitMs: TIME_LIMITS.probeMs,
    memoryBytes: bareMemory(0),
    onLine(line) {
      takes ||= OPTION.test(line);
      return true;
    },
  });
  if (exitCode === 0) return takes;
  throw new ReelmillError('encoder_failed', 'ffmpeg does not list its options.', { diagnostics: stderr });
}
