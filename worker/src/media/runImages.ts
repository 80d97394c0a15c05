import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { TaskResult, TaskSpecOf } from '@reelmill/shared/contracts/tasks.ts';
import { objectKeys, type VideoFolder } from '@reelmill/shared/core/objectKeys.ts';
import { plannedDurationSeconds } from '@reelmill/shared/core/timeline.ts';
import { MediaFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
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
import { explainFailedEncode, REFUSED_BY_DECODER } from './mediaErrors.ts';
import { runProgram } from './runProgram.ts';
import { runTogether } from './runTogether.ts';
import type { SourceInput } from './source.ts';
import { storyboardVtt } from './storyboardVtt.ts';
import type { TaskContext } from './taskContext.ts';
import { withWorkFolder } from './workFolder.ts';

/** Of cover and storyboard together; real ones have less than two. */
const MAX_PICTURE_BYTES = 32 * 1024 * 1024;
const END_OF_JPEG = Buffer.from([0xff, 0xd9]);
/** Two pictures, each perhaps under another name before it is whole. */
const FOLDER_LIMITS = { bytes: 256 * 1024 ** 2, files: 16 };

/** Makes the cover and the storyboard of a video and stores them. Without a storyboard the video still has a cover. */
export async function runImages(
  videoFolder: VideoFolder,
  spec: TaskSpecOf<'images'>,
  input: SourceInput,
  context: TaskContext,
): Promise<Extract<TaskResult, { kind: 'images' }>> {
  const { plan } = spec;
  const run = { ...input, plan, threads: context.threads };
  return withWorkFolder(context, FOLDER_LIMITS, async (folder, bound) => {
    const memory = imageMemory(run, spec.source.sizeBytes);
    const make = (args: readonly string[], file: string, memoryBytes: number) =>
      tryPicture(args, path.join(folder, file), memoryBytes, bound);
    const makeCover = async () =>
      (await make(coverArgs(run), COVER_FILE, memory.cover)) ??
      (await makePicture(firstPictureArgs(run), path.join(folder, COVER_FILE), memory.cover, bound));
    const makeSprite = async () => {
      const sprite = await make(storyboardArgs(run), SPRITE_FILE, memory.storyboard);
      if (sprite !== null || !mayHaveKeyframesOnly(run)) return sprite;
      // a film whose only keyframes lie before its beginning (a trimmed edit list) shows none of them
      return make(storyboardArgs(run, false), SPRITE_FILE, memory.storyboard);
    };
    const [cover, sprite] = await runTogether(memory.cover + memory.storyboard, [makeCover, makeSprite]);
    if (!cover) throw new MediaFault('undecodable', 'The video is damaged: no picture of it can be decoded.');
    context.onProgress({ done: 800, segmentsDone: 0, speed: null });
    const coverKey = objectKeys.cover(videoFolder);
    const uploads = new UploadQueue(bound.store, bound.signal, MAX_PICTURE_BYTES);
    const queue = (file: string, key: string, sizeBytes: number) =>
      uploads.add({ file, key, contentType: 'image/jpeg', sizeBytes }, () => {});
    try {
      queue(cover.file, coverKey, cover.sizeBytes);
      if (sprite) queue(sprite.file, objectKeys.storyboardSprite(videoFolder), sprite.sizeBytes);
      await uploads.drain();
    } finally {
      await uploads.abandon();
    }
    const storyboardKey = sprite ? await putStoryboard(videoFolder, spec, context) : null;
    context.onProgress({ done: 1000, segmentsDone: 0, speed: null });
    return { kind: 'images', coverKey, storyboardKey };
  });
}

/** Null where ffmpeg made no picture, for whatever reason that another run may not have; throws where the disk failed. */
async function tryPicture(...run: Parameters<typeof makePicture>): Promise<Picture | null> {
  try {
    return await makePicture(...run);
  } catch (error) {
    if (error instanceof ReelmillError && error.code === 'encoder_failed') return null;
    throw error;
  }
}

interface Picture {
  file: string;
  sizeBytes: number;
}

/** Null where ffmpeg had no picture to write. Throws what kept it from writing one, or from writing it whole. */
async function makePicture(
  args: readonly string[],
  file: string,
  memoryBytes: number,
  context: TaskContext,
): Promise<Picture | null> {
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
  if (end.exitCode !== 0 && end.exitCode !== REFUSED_BY_DECODER) {
    throw explainFailedEncode(end.exitCode, end.stderr);
  }
  const sizeBytes = await stat(file).then(
    (info) => info.size,
    () => 0,
  );
  if (sizeBytes === 0) return null;
  if (!(await endsAsJpeg(file, sizeBytes))) {
    throw new ReelmillError('encoder_failed', 'A picture was not written to its end.');
  }
  return { file, sizeBytes };
}

async function endsAsJpeg(file: string, sizeBytes: number): Promise<boolean> {
  const handle = await open(file);
  try {
    const end = Buffer.alloc(END_OF_JPEG.length);
    await handle.read(end, 0, end.length, Math.max(0, sizeBytes - end.length));
    return end.equals(END_OF_JPEG);
  } finally {
    await handle.close();
  }
}

async function putStoryboard(
  videoFolder: VideoFolder,
  { plan }: TaskSpecOf<'images'>,
  context: TaskContext,
): Promise<string> {
  const key = objectKeys.storyboard(videoFolder);
  const text = storyboardVtt(plan.storyboard, plannedDurationSeconds(plan), SPRITE_FILE);
  const body = Buffer.from(text);
  await context.store.put(key, body, {
    contentType: 'text/vtt',
    sizeBytes: body.length,
    signal: context.signal,
  });
  return key;
}
