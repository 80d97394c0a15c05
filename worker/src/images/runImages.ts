import path from 'node:path';
import type { TaskResult, TaskSpecOf } from '@reelmill/shared/contracts/tasks.ts';
import type { TaskKeys } from '@reelmill/shared/core/objectKeys.ts';
import { plannedDurationSeconds } from '@reelmill/shared/core/timeline.ts';
import { MediaFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { TaskContext } from '../context/taskContext.ts';
import { runTogether } from '../limits/runTogether.ts';
import { TIME_LIMITS } from '../limits/timeLimits.ts';
import { PictureReader, type PrintedPicture } from '../pictures/printedPictures.ts';
import { failedEncodeError, REFUSED_BY_DECODER } from '../programs/programErrors.ts';
import { runProgram } from '../programs/runProgram.ts';
import { findDiskFault } from '../scratch/diskFaults.ts';
import { withWorkFolder } from '../scratch/taskFolder.ts';
import { SegmentUploader } from '../segments/segmentUploader.ts';
import type { SourceInput } from '../source/inputGuard.ts';
import { withDamageCounted } from '../verify/damage.ts';
import { aspectCheckMemory, checkAspect, mayChangeAspect } from './aspectCheck.ts';
import {
  COVER_FILE,
  coverArgs,
  firstPictureArgs,
  imageMemory,
  imageSizes,
  KeyframeGaps,
  mayHaveKeyframesOnly,
  mayHideKeyframe,
  needsEarlierCover,
  SPRITE_FILE,
  storyboardArgs,
} from './imageArgs.ts';
import { storyboardVtt } from './storyboardVtt.ts';
import { type PictureFile, verifyPicture, type WrittenPicture } from './verifyPicture.ts';

/** Of cover and storyboard together; real ones have less than two. */
const MAX_PICTURE_BYTES = 32 * 1024 * 1024;
/** Two pictures, each perhaps under another name before it is whole. */
const FOLDER_LIMITS = { bytes: 256 * 1024 ** 2, files: 16 };

/**
 * Makes the cover and the storyboard of a video and stores them. Without a storyboard the video still has a cover. Throws
 * `source_differs` where the shape of the pictures turns out to change and no encode task would see it.
 */
export async function runImages(
  keys: TaskKeys,
  spec: TaskSpecOf<'images'>,
  input: SourceInput,
  context: TaskContext,
): Promise<Extract<TaskResult, { kind: 'images' }>> {
  const { plan } = spec;
  const run = { ...input, plan, threads: context.threads };
  return withWorkFolder(context, FOLDER_LIMITS, async (folder, bound) => {
    const memory = imageMemory(run, spec.source.sizeBytes);
    const sizes = imageSizes(plan);
    const coverFile = { folder, name: COVER_FILE, size: sizes.cover };
    const spriteFile = { folder, name: SPRITE_FILE, size: sizes.sprite };
    const makeCover = async () => {
      let first: PrintedPicture | undefined;
      const onPicture = (picture: PrintedPicture): void => {
        first ??= picture;
      };
      let cover = await tryPicture(coverArgs(run), { ...coverFile, onPicture }, memory.cover, bound);
      if (cover === null && mayHideKeyframe(run)) {
        const all = coverArgs(run, { sinceKeyframe: false });
        cover = await tryPicture(all, coverFile, memory.cover, bound);
      }
      if (cover === null) return makePicture(firstPictureArgs(run), coverFile, memory.cover, bound);
      if (first === undefined || !needsEarlierCover(run, first)) return cover;
      const early = coverArgs(run, { beginEarly: true });
      return (await tryPicture(early, coverFile, memory.cover, bound)) ?? cover;
    };
    const makeSprite = async () => {
      const gaps = new KeyframeGaps(run);
      const onPicture = ({ seconds }: PrintedPicture): void => gaps.add(seconds);
      const sprite = await tryPicture(
        storyboardArgs(run),
        { ...spriteFile, onPicture },
        memory.storyboard,
        bound,
      );
      if (!mayHaveKeyframesOnly(run)) return sprite;
      // a film whose only keyframes lie before its beginning (a trimmed edit list) shows none of them
      if (sprite !== null && !gaps.areTooLong()) return sprite;
      return tryPicture(storyboardArgs(run, false), spriteFile, memory.storyboard, bound);
    };
    const { facts } = plan;
    const { sizeBytes } = spec.source;
    const checks = mayChangeAspect(facts);
    const check = async () => (checks ? checkAspect(facts, sizeBytes, input, bound) : undefined);
    const together = memory.cover + memory.storyboard + (checks ? aspectCheckMemory(facts, sizeBytes) : 0);
    const [cover, sprite] = await runTogether(together, [makeCover, makeSprite, check]);
    if (!cover) throw new MediaFault('undecodable', 'The video is damaged: no picture of it can be decoded.');
    context.onProgress({ done: 800, segmentsDone: 0, speed: null });
    const uploads = new SegmentUploader(bound.store, bound.signal, MAX_PICTURE_BYTES);
    const queue = (picture: WrittenPicture, key: string) =>
      uploads.add({ ...picture, key, contentType: 'image/jpeg' }, () => {});
    try {
      queue(cover, keys.cover);
      if (sprite) queue(sprite, keys.storyboardSprite);
      await withDamageCounted(bound, () => uploads.drain());
    } finally {
      await uploads.abandon();
    }
    const storyboardKey = sprite ? await putStoryboard(keys, spec, context) : null;
    context.onProgress({ done: 1000, segmentsDone: 0, speed: null });
    return { kind: 'images', coverKey: keys.cover, storyboardKey };
  });
}

/** Null where ffmpeg made no picture, for whatever reason that another run may not have; throws where the disk failed. */
async function tryPicture(...run: Parameters<typeof makePicture>): Promise<WrittenPicture | null> {
  const [, { folder }] = run;
  const picture = await makePicture(...run).catch((error: unknown) => {
    if (error instanceof ReelmillError && error.code === 'encoder_failed') return null;
    throw error;
  });
  const diskFault = picture === null ? await findDiskFault(folder) : null;
  if (diskFault !== null) throw diskFault;
  return picture;
}

/** Null where ffmpeg had no picture to write; `onPicture` takes those that it printed. Throws what kept it from writing one, or from writing it whole. */
async function makePicture(
  args: readonly string[],
  { onPicture, ...picture }: PictureFile & { onPicture?(printed: PrintedPicture): void },
  memoryBytes: number,
  context: TaskContext,
): Promise<WrittenPicture | null> {
  const reader = new PictureReader();
  const end = await runProgram('ffmpeg', args, {
    cwd: picture.folder,
    signal: context.signal,
    logger: context.logger,
    confinement: context.confinement,
    stallMs: TIME_LIMITS.scanMs,
    timeLimitMs: TIME_LIMITS.scanMs,
    memoryBytes,
    onLine(line) {
      const printed = reader.push(line);
      if (printed !== null) onPicture?.(printed);
      return true;
    },
  });
  if (end.exitCode !== 0 && end.exitCode !== REFUSED_BY_DECODER) {
    throw failedEncodeError(end.exitCode, end.stderr);
  }
  return withDamageCounted(context, () => verifyPicture(picture, context));
}

async function putStoryboard(
  keys: TaskKeys,
  { plan }: TaskSpecOf<'images'>,
  context: TaskContext,
): Promise<string> {
  const spriteName = path.posix.basename(keys.storyboardSprite);
  const text = storyboardVtt(plan.storyboard, plannedDurationSeconds(plan), spriteName);
  const body = Buffer.from(text);
  await context.store.put(keys.storyboard, body, {
    contentType: 'text/vtt',
    sizeBytes: body.length,
    signal: context.signal,
  });
  return keys.storyboard;
}
