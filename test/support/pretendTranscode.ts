import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { RenditionOutput } from '@reelmill/shared/contracts/media.ts';
import type { TaskKind, TaskResult } from '@reelmill/shared/contracts/tasks.ts';
import { attemptTag, type TaskKeys, taskKeys, type VideoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { FarmContext } from '../../server/src/context/farmContext.ts';
import type { TaskRow, VideoRow } from '../../server/src/db/rows.ts';
import { publishVideo } from '../../server/src/publish/publishVideo.ts';
import { savePlan } from '../../server/src/transcode/planTasks.ts';
import { factsOf, resultOf } from './taskResults.ts';
import { findVideoFolder } from './videoFolders.ts';

/** What of an init segment anybody reads here: an `avcC` box with High profile, level 3.1. */
const INIT = Buffer.from('\0\0\0\x10avcC\x01\x64\0\x1f\xff\xe1', 'latin1');

/** Plays all parts of a transcode by hand, step by step: the same rows, results and objects, but no media in them. */
export class PretendTranscode {
  readonly #context: FarmContext;
  readonly #videoId: number;
  readonly #folder: VideoFolder;
  readonly #isTagged: boolean;

  private constructor(context: FarmContext, videoId: number, folder: VideoFolder, isTagged: boolean) {
    this.#context = context;
    this.#videoId = videoId;
    this.#folder = folder;
    this.#isTagged = isTagged;
  }

  /**
   * Four segments of 5 s in 720p, 480p, 360p and 240p, with sound: a first look, and one chunk of the other three. Their
   * keys are those of earlier versions unless they are to have tags.
   */
  static async plan(
    context: FarmContext,
    videoId: number,
    options: { tagged?: boolean } = {},
  ): Promise<PretendTranscode> {
    const { models } = context.database;
    await context.database.transaction(async (transaction) => {
      const video = await models.Video.findByPk(videoId, { transaction, rejectOnEmpty: true });
      const facts = factsOf({ durationSeconds: 20 });
      await savePlan({ models, transaction, video, facts, requestId: null, chunkSeconds: 20 });
    });
    const folder = await findVideoFolder(models, videoId);
    return new PretendTranscode(context, videoId, folder, options.tagged ?? false);
  }

  /** The first task of a kind that is not done: puts its objects in the store and saves its result. */
  async finish(kind: TaskKind): Promise<void> {
    const task = await this.#next(kind);
    const result = this.#resultOf(task);
    const keys = await this.#putObjects(task, result);
    await task.update({ state: 'done', result });
    if (result.kind === 'images') {
      await (await this.video()).update({ coverKey: keys.cover, storyboardKey: keys.storyboard });
    }
  }

  /** The first task of a kind that is not done reports that it is running and has made its first segments. */
  async report(kind: TaskKind, segmentsDone: number): Promise<void> {
    const task = await this.#next(kind);
    const result = this.#resultOf(task);
    await this.#putObjects(task, result);
    const listedTag = result.kind === 'inspect' ? null : (result.tag ?? null);
    await task.update({ state: 'running', segmentsDone, listedTag });
  }

  /** Does all that is left, and publishes. */
  async publish(): Promise<VideoRow> {
    const { models } = this.#context.database;
    await models.Task.update({ state: 'done' }, { where: { videoId: this.#videoId, kind: 'inspect' } });
    for (const kind of ['encode', 'audio', 'images'] as const) {
      const where = { videoId: this.#videoId, kind };
      while (
        (await models.Task.count({ where: { ...where, state: 'done' } })) <
        (await models.Task.count({ where }))
      )
        await this.finish(kind);
    }
    await publishVideo(this.#context, await this.video());
    return this.video();
  }

  video(): Promise<VideoRow> {
    return this.#context.database.models.Video.findByPk(this.#videoId, { rejectOnEmpty: true });
  }

  async #next(kind: TaskKind): Promise<TaskRow> {
    const tasks = await this.#context.database.models.Task.findAll({
      where: { videoId: this.#videoId, kind },
      order: ['position'],
    });
    const next = tasks.find((task) => task.state !== 'done');
    if (next === undefined) throw new Error(`there is no ${kind} task left`);
    return next;
  }

  #resultOf({ id, spec }: TaskRow): TaskResult {
    const tag = this.#isTagged ? attemptTag({ taskId: id, leaseToken: randomUUID() }) : undefined;
    return resultOf(spec, factsOf({ durationSeconds: 20 }), this.#videoId, tag);
  }

  async #putObjects({ planVersion }: TaskRow, result: TaskResult): Promise<TaskKeys> {
    const { store } = this.#context;
    const tag = result.kind === 'inspect' ? null : (result.tag ?? null);
    const keys = taskKeys(this.#folder, planVersion, tag);
    if (result.kind === 'images') {
      const sprite = path.basename(keys.storyboardSprite);
      const cues = `WEBVTT\n\n00:00.000 --> 00:20.000\n${sprite}#xywh=0,0,160,90\n`;
      await put(store, keys.cover, Buffer.from('cover'));
      await put(store, keys.storyboardSprite, Buffer.from('sprite'));
      await put(store, keys.storyboard, Buffer.from(cues));
    }
    if (result.kind === 'encode') {
      for (const rendition of result.renditions) await this.#putRendition(keys, rendition);
    }
    if (result.kind === 'audio' && result.rendition !== null)
      await this.#putRendition(keys, result.rendition);
    return keys;
  }

  async #putRendition(keys: TaskKeys, { quality, segments }: RenditionOutput): Promise<void> {
    const { store } = this.#context;
    if (segments[0]?.index === 0) await put(store, keys.init(quality), INIT);
    for (const { index } of segments) {
      await put(store, keys.segment(quality, index), Buffer.from(`segment ${index} of ${quality}`));
    }
  }
}

function put(store: ObjectStore, key: string, bytes: Buffer): Promise<void> {
  return store.put(key, bytes, { contentType: 'application/octet-stream', sizeBytes: bytes.length });
}
