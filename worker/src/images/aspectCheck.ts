import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { TaskContext } from '../context/taskContext.ts';
import { probeMemory } from '../limits/memoryNeeds.ts';
import { scanPictures } from '../probe/scanPictures.ts';
import type { SourceInput } from '../source/inputGuard.ts';
import { isElementary } from '../timing/elementaryStream.ts';

/*
 * Broadcasts of standard definition have one size for two shapes: 4:3 and 16:9 differ in nothing but the aspect of their
 * pixels, which changes from one programme to the next. From ffmpeg 7.0 on an encode task does not see that, because
 * pictures are given the aspect of the first one; ffprobe does.
 */

/** Containers that leave the aspect to the pictures. */
const WITHOUT_ASPECT: ReadonlySet<string> = new Set(['mpegts', 'mpeg']);
/** Larger pictures have one aspect for each size. */
const LARGEST_HEIGHT = 576;

/** Whether the aspect of the pixels may change where the inspection did not look. */
export function mayChangeAspect({ demuxer, thorough, video }: MediaFacts): boolean {
  const isLookedFor = thorough === true || video.sizeChanges === true || video.aspectChanges !== undefined;
  const isUpToPictures = WITHOUT_ASPECT.has(demuxer) || isElementary(demuxer);
  return !isLookedFor && isUpToPictures && video.codedHeight <= LARGEST_HEIGHT;
}

/** Upper bound of the memory that the check takes, in bytes. */
export function aspectCheckMemory(facts: MediaFacts, sizeBytes: number): number {
  return probeMemory(sizeBytes, [declaredOf(facts)]);
}

/** Decodes the keyframes of the whole source. Throws `source_differs` where their shape changes; a check that fails is no fault. */
export async function checkAspect(
  facts: MediaFacts,
  sizeBytes: number,
  input: SourceInput,
  context: TaskContext,
): Promise<void> {
  const { signal, logger, confinement } = context;
  const { demuxer, video } = facts;
  const declared = [declaredOf(facts)];
  const target = { ...input, sizeBytes, demuxer, declared, signal, logger, confinement };
  const { streamIndex, codec, startSeconds, durationSeconds } = video;
  const found = await scanPictures(target, { streamIndex, codec, thorough: false }).catch(
    (error: unknown) => {
      signal.throwIfAborted();
      logger.warn({ err: error }, 'aspect check failed');
      return null;
    },
  );
  const shapes = found?.finish(startSeconds + durationSeconds)?.shapes ?? [];
  if (shapes.length <= 1) return;
  throw new ReelmillError('source_differs', 'The shape of the pictures changes in the middle.', {
    diagnostics: `${shapes.length} shapes of keyframes`,
  });
}

function declaredOf({ video: { codec, codedWidth, codedHeight } }: MediaFacts) {
  return { codec, width: codedWidth, height: codedHeight };
}
