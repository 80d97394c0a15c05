import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { userSchema } from '@reelmill/shared/contracts/users.ts';
import { type Video, videoListSchema } from '@reelmill/shared/contracts/videos.ts';
import { logInAs } from '../support/cli.ts';
import type { Clip } from './clips.ts';
import { Creator } from './creator.ts';
import { performOwnerAction } from './ownerActions.ts';
import type { Random } from './random.ts';
import { sendByApi, sendByCli } from './sendUpload.ts';
import type { Timeline } from './timeline.ts';
import { drawUpload, type Upload } from './uploads.ts';

const OWNERS = 4;
/** So many uploads may be under way at the creators; whoever waits for the farm does not count. */
const SENDING_AT_ONCE = 12;
const POLL_MS = 250;
/** The largest page that the API has. */
const PAGE = 100;

export interface LoadOptions {
  apiUrl: string;
  clips: readonly Clip[];
  folder: string;
  random: Random;
  timeline: Timeline;
  perMinute: number;
  /** Ends everything. */
  signal: AbortSignal;
}

/** Creators who upload all the time, each until the server has taken what they have. */
export class Load {
  readonly uploads: Upload[] = [];
  readonly creators: readonly Creator[];
  readonly #options: LoadOptions;
  /** The same people, who look on when nothing is sent any more. */
  readonly #watchers: readonly Creator[];
  readonly #abort = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #ownerIds: number[] = [];
  #sending = 0;
  /** One `reelmill` of an owner at a time. */
  readonly #cliTurns: Promise<void>[] = Array.from({ length: OWNERS }, () => Promise.resolve());

  constructor(options: LoadOptions) {
    this.#options = options;
    const names = [...Array(OWNERS).keys()].map((owner) => `creator-${owner}`);
    const { apiUrl, signal } = options;
    this.creators = names.map((name) => new Creator(apiUrl, name, this.#abort.signal));
    this.#watchers = names.map((name) => new Creator(apiUrl, name, signal));
  }

  /** Makes the accounts. */
  async open(): Promise<void> {
    for (const [owner, creator] of this.creators.entries()) {
      await creator.register();
      const me = await creator.call('GET', '/me');
      this.#ownerIds.push(userSchema.parse(me.body).user_id);
      await mkdir(this.#configDir(owner), { recursive: true });
      await logInAs(this.#configDir(owner), this.#options.apiUrl, creator.name);
    }
  }

  /** Begins uploads until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { perMinute, random } = this.#options;
    for (let dueAt = performance.now(); !signal.aborted; dueAt += 60_000 / perMinute) {
      const waitMs = Math.max(0, dueAt - performance.now());
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
      if (this.#sending < SENDING_AT_ONCE) await this.#begin(random.fork(`upload ${this.uploads.length}`));
    }
  }

  /** Waits until every creator is done, or for so long. */
  async finish(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.#underWay.size > 0 && performance.now() < deadline) await pause(POLL_MS);
    this.#abort.abort(new Error('not accepted in time'));
    await Promise.all(this.#underWay);
  }

  /** The videos of all creators, as the API lists them. */
  async listVideos(): Promise<Video[]> {
    const videos: Video[] = [];
    for (const watcher of this.#watchers) {
      for (let total = Infinity, offset = 0; offset < total; offset += PAGE) {
        const reply = await watcher.call('GET', `/videos?limit=${PAGE}&offset=${offset}&sort=oldest`);
        const page = videoListSchema.parse(reply.body);
        total = page.total;
        videos.push(...page.videos);
      }
    }
    return videos;
  }

  /** Aborts uploads that were begun and never finished, because their creator never got the response. */
  async abortUnfinished(): Promise<void> {
    for (const { id, user_id } of (await this.listVideos()).filter(({ status }) => status === 'uploading')) {
      const owner = this.#watchers[this.#ownerIds.indexOf(user_id)];
      await owner?.call('DELETE', `/videos/${id}/upload`);
    }
  }

  async #begin(random: Random): Promise<void> {
    const { clips, folder, timeline } = this.#options;
    const number = this.uploads.length + 1;
    const draft = { number, owner: random.between(0, OWNERS - 1), begunAt: timeline.now() };
    const upload = await drawUpload(random, clips, folder, draft);
    this.uploads.push(upload);
    const { name, way, action, bad, clip } = upload;
    const what =
      bad === null ? `clip ${clip?.id} (${clip?.container}, ${clip?.seconds} s)` : `bad file: ${bad}`;
    timeline.add(`${name}: ${what}, ${way}, ${action}`);
    const ended = this.#follow(upload, random).finally(() => this.#underWay.delete(ended));
    this.#underWay.add(ended);
  }

  async #follow(upload: Upload, random: Random): Promise<void> {
    const creator = this.creators[upload.owner];
    if (creator === undefined) throw new RangeError('there is no such owner');
    const { signal } = this.#abort;
    try {
      this.#sending += 1;
      await this.#send(creator, upload, signal).finally(() => (this.#sending -= 1));
      upload.acceptedAt = this.#options.timeline.now();
      await performOwnerAction(creator, upload, { random: random.fork('action'), signal });
    } catch (error) {
      upload.problem = error instanceof Error ? error.message : String(error);
      this.#options.timeline.add(`${upload.name}: ${upload.problem}`);
    }
  }

  #send(creator: Creator, upload: Upload, signal: AbortSignal): Promise<void> {
    if (upload.way !== 'cli') return sendByApi(creator, upload, signal);
    const before = this.#cliTurns[upload.owner] ?? Promise.resolve();
    const options = { configDir: this.#configDir(upload.owner), apiUrl: this.#options.apiUrl, signal };
    const sent = before.then(() => sendByCli(creator, upload, options));
    this.#cliTurns[upload.owner] = sent.catch(() => undefined);
    return sent;
  }

  #configDir(owner: number): string {
    return path.join(this.#options.folder, `reelmill-${owner}`);
  }
}
