import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sessionSchema } from '@reelmill/shared/contracts/users.ts';
import { type Video, videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { z } from 'zod';
import { EventReader } from '../support/eventReader.ts';

const initiatedSchema = z.object({ video_id: z.int(), upload_url: z.string() });
/** Longer than any bench takes. */
const FOLLOW_MS = 4 * 3600_000;

/** Somebody with an account of their own who uploads videos and watches what becomes of them. */
export class FarmClient {
  readonly #url: string;
  readonly #credentials: { email: string; password: string };

  private constructor(url: string, credentials: { email: string; password: string }) {
    this.#url = url;
    this.#credentials = credentials;
  }

  /** `url` is a server's, without a slash at the end. */
  static async signUp(url: string): Promise<FarmClient> {
    const name = randomUUID();
    const client = new FarmClient(url, { email: `${name}@example.org`, password: randomUUID() });
    await client.#post('/users/register', { nickname: 'bench', ...client.#credentials });
    return client;
  }

  /** Uploads a file with one PUT; what follows has to be asked for with `complete`. */
  async upload(file: string): Promise<UploadedVideo> {
    const token = await this.#logIn();
    const initiated = await this.#post('/videos/upload/initiate', { file_name: path.basename(file) }, token);
    const { video_id: id, upload_url: target } = initiatedSchema.parse(initiated);
    await put(file, target);
    return {
      id,
      complete: () => this.#post('/videos/upload/complete', { video_id: id }, token).then(() => undefined),
      waitFor: (what, isReached) => this.#waitFor(id, token, what, isReached),
      remove: () => this.#remove(id),
    };
  }

  async #waitFor(
    id: number,
    token: string,
    what: string,
    isReached: (video: Video) => boolean,
  ): Promise<Video> {
    const events = await EventReader.open(`${this.#url}/api/v1/videos/${id}/events`, token, FOLLOW_MS);
    try {
      for (let event = await events.next(); event !== null; event = await events.next()) {
        const { video } = videoDetailSchema.parse(event);
        if (isReached(video)) return video;
        if (video.error !== null) throw new Error(`the video is not ${what}: ${video.error.message}`);
      }
    } finally {
      await events.close();
    }
    throw new Error(`the video will never be ${what}`);
  }

  async #remove(id: number): Promise<void> {
    await this.#call('DELETE', `/videos/${id}`, { token: await this.#logIn() });
  }

  /** A token lasts for minutes, a bench may last for hours. */
  async #logIn(): Promise<string> {
    return sessionSchema.parse(await this.#post('/users/login', this.#credentials)).token;
  }

  async #post(where: string, body: unknown, token?: string): Promise<unknown> {
    const response = await this.#call('POST', where, { body, ...(token === undefined ? {} : { token }) });
    return await response.json();
  }

  async #call(method: string, where: string, options: { body?: unknown; token?: string }): Promise<Response> {
    const response = await fetch(`${this.#url}/api/v1${where}`, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(options.token === undefined ? {} : { Authorization: `Bearer ${options.token}` }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      signal: AbortSignal.timeout(60_000),
    });
    if (!response.ok)
      throw new Error(`${method} ${where} answered ${response.status}: ${await response.text()}`);
    return response;
  }
}

/** A video whose file is in the store. */
export interface UploadedVideo {
  readonly id: number;
  complete(): Promise<void>;
  /** Resolves with the video as soon as it is so; throws when it fails or ends without that. `what` is for messages. */
  waitFor(what: string, isReached: (video: Video) => boolean): Promise<Video>;
  /** Deletes it and ends whatever is being done for it. */
  remove(): Promise<void>;
}

async function put(file: string, url: string): Promise<void> {
  const { size } = await stat(file);
  const upload = request(url, { method: 'PUT', headers: { 'Content-Length': size } });
  const answered = new Promise<number | undefined>((resolve, reject) => {
    upload.once('error', reject);
    upload.once('response', (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
  });
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), upload);
  const status = await answered;
  if (status !== 200) throw new Error(`the upload was answered ${status}`);
}
