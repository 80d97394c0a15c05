import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { TaskResult, TaskSpecOf } from '@reelmill/shared/contracts/tasks.ts';
import type { TaskKeys } from '@reelmill/shared/core/objectKeys.ts';
import { plannedDurationSeconds } from '@reelmill/shared/core/timeline.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { UploadQueue } from '../transfer/uploadQueue.ts';
import {
  COVER_FILE,
  coverArgs,
  firstPictureArgs,
  imageMemory,
  mayHaveKeyframesOnly,
  SPRITE_FILE,
  storyboardArgs,
} from './imageArgs.ts';
import { TIME_LIMITS } from './limits.ts';
import { explainFailedEncode } from './mediaErrors.ts';
import { runProgram } from './runProgram.ts';
import { runTogether } from './runTogether.ts';
import type { SourceInput } from './source.ts';
import { storyboardVtt } from './storyboardVtt.ts';
import type { TaskContext } from './taskContext.ts';
import { withWorkFolder } from './workFolder.ts';

/** Of cover and storyboard together; real ones have less than two. */
const MAX_PICTURE_BYTES = 32 * 1024 * 1024;
/** Two pictures, each perhaps under another name before it is whole. */
const FOLDER_LIMITS = { bytes: 256 * 1024 ** 2, files: 16 };

/** Makes the cover and the storyboard of a video and stores them. Without a storyboard the video still has a cover. */
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
    const make = (args: readonly string[], file: string, memoryBytes: number) =>
      makePicture(args, path.join(folder, file), memoryBytes, bound);
    const makeCover = async () =>
      (await make(coverArgs(run), COVER_FILE, memory.cover)) ??
      (await make(firstPictureArgs(run), COVER_FILE, memory.cover));
    const makeSprite = async () => {
      const sprite = await make(storyboardArgs(run), SPRITE_FILE, memory.storyboard);
      if (sprite !== null || !mayHaveKeyframesOnly(run)) return sprite;
      // a film whose only keyframes lie before its beginning (a trimmed edit list) shows none of them
      return make(storyboardArgs(run, false), SPRITE_FILE, memory.storyboard);
    };
    const [cover, sprite] = await runTogether(memory.cover + memory.storyboard, [makeCover, makeSprite]);
    if (!cover)
      throw new ReelmillError('undecodable', 'The video is damaged: no picture of it can be decoded.');
    context.onProgress({ done: 800, segmentsDone: 0, speed: null });
    const uploads = new UploadQueue(bound.store, bound.signal, MAX_PICTURE_BYTES);
    const queue = (file: string, key: string, sizeBytes: number) =>
      uploads.add({ file, key, contentType: 'image/jpeg', sizeBytes }, () => {});
    try {
      queue(cover.file, keys.cover, cover.sizeBytes);
      if (sprite) queue(sprite.file, keys.storyboardSprite, sprite.sizeBytes);
      await uploads.drain();
    } finally {
      await uploads.abandon();
    }
    const storyboardKey = sprite ? await putStoryboard(keys, spec, context) : null;
    context.onProgress({ done: 1000, segmentsDone: 0, speed: null });
    return { kind: 'images', coverKey: keys.cover, storyboardKey };
  });
}

/** Null where ffmpeg had no picture to write; throws where the source or the disk failed. */
async function makePicture(
  args: readonly string[],
  file: string,
  memoryBytes: number,
  context: TaskContext,
): Promise<{ file: string; sizeBytes: number } | null> {
  const end = await runProgram('ffmpeg', args, {
    cwd: path.dirname(file),
    signal: context.signal,
    logger: context.logger,
    confinement: context.confinement,
    stallMs: TIME_LIMITS.scanMs,
    timeLimitMs: TIME_LIMITS.scanMs,
    memoryBytes,
    onLine: () => true,
  });
  if (end.exitCode !== 0) {
    const failure = explainFailedEncode(end.exitCode, end.stderr);
    if (failure.code !== 'encoder_failed') throw failure;
  }
  const sizeBytes = await stat(file).then(
    (info) => info.size,
    () => 0,
  );
  return sizeBytes > 0 ? { file, sizeBytes } : null;
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
