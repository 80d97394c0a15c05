import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import {
  type Video,
  type VideoDetail,
  videoDetailSchema,
  videoListSchema,
} from '@reelmill/shared/contracts/videos.ts';
import { verifyPlayback } from '../../scripts/demo/verifyPlayback.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { FILM_RATE } from '../support/films.ts';
import { waitFor } from '../support/processes.ts';
import { beginSingle, complete, put } from '../support/uploads.ts';

const LONG = { timeoutMs: 8 * 60_000, pollMs: 250 };
const QUALITIES = ['720p', '480p', '360p', '240p'];

type Credentials = Pick<ApiUser, 'email' | 'password'>;

/** Somebody who uploads films of 1280 × 720 (`makeFilm`) and watches what becomes of them. */
export class Creator {
  readonly #user: ApiUser;

  private constructor(user: ApiUser) {
    this.#user = user;
  }

  static async signUp(url: string, name: string): Promise<Creator> {
    return new Creator(await (await DocumentedApi.of(url)).signUp(name));
  }

  static async logIn(url: string, credentials: Credentials): Promise<Creator> {
    return new Creator(await (await DocumentedApi.of(url)).logIn(credentials));
  }

  get credentials(): Credentials {
    return this.#user;
  }

  async videos(): Promise<Video[]> {
    return (await this.#user.call('GET', '/videos')).as(videoListSchema).videos;
  }

  /** Answers the id of the new video. */
  async upload(film: string): Promise<number> {
    const { videoId, url } = await beginSingle(this.#user);
    assert.equal(await put(url, new Uint8Array(await readFile(film))), 200);
    assert.equal((await complete(this.#user, videoId)).status, 202);
    return videoId;
  }

  async waitForProgress(videoId: number): Promise<void> {
    await waitFor(
      'some of it is made',
      async () => (await this.#describe(videoId)).video.progress > 20,
      LONG,
    );
    assert.equal((await this.#describe(videoId)).video.status, 'transcoding', 'the film is too short');
  }

  /** Waits until the video is online, and plays every rendition to its last picture. */
  async watch(videoId: number, seconds: number): Promise<void> {
    const online = async () => {
      const detail = await this.#describe(videoId);
      return detail.video.status === 'online' ? detail : null;
    };
    const { video, sources } = await waitFor('the video is online', online, LONG);
    assert.deepEqual(
      sources.map(({ quality }) => quality),
      QUALITIES,
    );
    for (const { url } of sources) {
      assert.deepEqual(await verifyPlayback(url, video.duration ?? 0), { frames: seconds * FILM_RATE });
    }
  }

  async #describe(videoId: number): Promise<VideoDetail> {
    const detail = (await this.#user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);
    assert.equal(detail.video.error, null);
    return detail;
  }
}
