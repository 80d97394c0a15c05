import type { RenditionOutput } from '@reelmill/shared/contracts/media.ts';
import type { TaskKind, TaskResult } from '@reelmill/shared/contracts/tasks.ts';
import { objectKeys, type VideoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { TaskRow, VideoRow } from '../../server/src/db/rows.ts';
import type { FarmContext } from '../../server/src/dispatch/farmContext.ts';
import { savePlan } from '../../server/src/publish/planTasks.ts';
import { publishVideo } from '../../server/src/publish/publishVideo.ts';
import { factsOf, resultOf } from './taskResults.ts';
import { findVideoFolder } from './videoFolders.ts';

/** What of an init segment anybody reads here: an `avcC` box that says High profile, level 3.1. */
const INIT = Buffer.from('\0\0\0\x10avcC\x01\x64\0\x1f\xff\xe1', 'latin1');
const STORYBOARD = 'WEBVTT\n\n00:00.000 --> 00:20.000\nstoryboard.jpg#xywh=0,0,160,90\n';

/** Plays all parts of a transcode by hand, step by step: the same rows, results and objects, but no media in them. */
export class PretendTranscode {
  readonly #context: FarmContext;
  readonly #videoId: number;
  readonly #folder: VideoFolder;

  private constructor(context: FarmContext, videoId: number, folder: VideoFolder) {
    this.#context = context;
    this.#videoId = videoId;
    this.#folder = folder;
  }

  /** Four segments of 5 s in 720p, 480p, 360p and 240p, with sound: a first look, and one chunk of the other three. */
  static async plan(context: FarmContext, videoId: number): Promise<PretendTranscode> {
    const { models } = context.database;
    await context.database.transaction(async (transaction) => {
      const video = await models.Video.findByPk(videoId, { transaction, rejectOnEmpty: true });
      const facts = factsOf({ durationSeconds: 20 });
      await savePlan({ models, transaction, video, facts, requestId: null, chunkSeconds: 20 });
    });
    return new PretendTranscode(context, videoId, await findVideoFolder(models, videoId));
  }

  /** The first task of a kind that is not done: puts its objects in the store and saves its result. */
  async finish(kind: TaskKind): Promise<void> {
    const task = await this.#next(kind);
    const result = resultOf(task.spec, factsOf({ durationSeconds: 20 }), this.#videoId);
    await this.#putObjects(result);
    await task.update({ state: 'done', result });
    if (result.kind === 'images') {
      const keys = {
        coverKey: objectKeys.cover(this.#folder),
        storyboardKey: objectKeys.storyboard(this.#folder),
      };
      await (await this.video()).update(keys);
    }
  }

  /** The first task of a kind that is not done says that it is running and has made its first segments. */
  async report(kind: TaskKind, segmentsDone: number): Promise<void> {
    const task = await this.#next(kind);
    await this.#putObjects(resultOf(task.spec, factsOf({ durationSeconds: 20 }), this.#videoId));
    await task.update({ state: 'running', segmentsDone });
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

  async #putObjects(result: TaskResult): Promise<void> {
    const { store } = this.#context;
    if (result.kind === 'images') {
      await put(store, objectKeys.cover(this.#folder), Buffer.from('cover'));
      await put(store, objectKeys.storyboardSprite(objectKeys.storyboard(this.#folder)), Buffer.from('sprite'));
      await put(store, objectKeys.storyboard(this.#folder), Buffer.from(STORYBOARD));
    }
    if (result.kind === 'encode') {
      for (const rendition of result.renditions) await this.#putRendition(rendition);
    }
    if (result.kind === 'audio' && result.rendition !== null) await this.#putRendition(result.rendition);
  }

  async #putRendition({ quality, segments }: RenditionOutput): Promise<void> {
    const { store } = this.#context;
    await put(store, objectKeys.init(this.#folder, quality, 1), INIT);
    for (const { index } of segments) {
      const bytes = Buffer.from(`segment ${index} of ${quality}`);
      await put(store, objectKeys.segment(this.#folder, quality, 1, index), bytes);
    }
  }
}

function put(store: ObjectStore, key: string, bytes: Buffer): Promise<void> {
  return store.put(key, bytes, { contentType: 'application/octet-stream', sizeBytes: bytes.length });
}
