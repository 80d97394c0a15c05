import {
  type DeadLetter,
  deadLetterListSchema,
  type Farm,
  farmSchema,
  replayResponseSchema,
} from '@reelmill/shared/contracts/admin.ts';
import {
  completeUploadResponseSchema,
  duplicatesResponseSchema,
  type InitiateUploadRequest,
  type PartUrl,
  resumableResponseSchema,
  signPartsResponseSchema,
  type UploadStatus,
  uploadPlanSchema,
  uploadStatusSchema,
} from '@reelmill/shared/contracts/uploads.ts';
import { type Me, meSchema } from '@reelmill/shared/contracts/users.ts';
import {
  type Video,
  type VideoDetail,
  type VideoList,
  type VideoListQuery,
  type VideoUpdate,
  videoDetailSchema,
  videoListSchema,
  videoResponseSchema,
} from '@reelmill/shared/contracts/videos.ts';
import { z } from 'zod';
import type { HttpRequest, HttpResponse, HttpTransport, SessionPort } from '../ports/ports.ts';
import { assertSuccess, isTokenRejected, readAnswer } from './responses.ts';

const CALL_TIMEOUT_MS = 30_000;
/** Joining ten thousand parts takes a store its time. */
const COMPLETE_TIMEOUT_MS = 180_000;

const beginResponseSchema = z.object({ video_id: z.int(), upload: uploadPlanSchema });
export type BegunUpload = z.infer<typeof beginResponseSchema>;

/** One call of the API. */
export type Call = Pick<HttpRequest, 'method' | 'signal'> & {
  path: string;
  body?: unknown;
  etag?: string | undefined;
  timeoutMs?: number;
};

/**
 * The API as the signed-in user sees it: one call each, no retries. Failures are the API's own errors; an access token
 * that is rejected is refreshed once and the call made again.
 */
export class ApiClient {
  readonly #baseUrl: string;
  readonly #transport: HttpTransport;
  readonly #session: SessionPort;

  constructor(options: { serverUrl: string; transport: HttpTransport; session: SessionPort }) {
    this.#baseUrl = `${options.serverUrl.replace(/\/+$/, '')}/api/v1`;
    this.#transport = options.transport;
    this.#session = options.session;
  }

  /** Opens a multipart upload. Not idempotent: the answer may be lost and the upload there. */
  async beginUpload(
    request: InitiateUploadRequest & { size_bytes: number },
    signal: AbortSignal,
  ): Promise<BegunUpload> {
    const call: Call = { method: 'POST', path: '/videos/upload/initiate', body: request, signal };
    return this.ask(call, beginResponseSchema);
  }

  async signParts(videoId: number, partNumbers: readonly number[], signal: AbortSignal): Promise<PartUrl[]> {
    const path = `/videos/${videoId}/upload/parts`;
    const body = { part_numbers: partNumbers };
    return (await this.ask({ method: 'POST', path, body, signal }, signPartsResponseSchema)).urls;
  }

  /** What the store holds of an unfinished upload. */
  async getUpload(videoId: number, signal: AbortSignal): Promise<UploadStatus> {
    return this.ask({ method: 'GET', path: `/videos/${videoId}/upload`, signal }, uploadStatusSchema);
  }

  /** An unfinished upload of the same file, begun here or elsewhere, or null. */
  async findResumable(
    fingerprint: string,
    sizeBytes: number,
    signal: AbortSignal,
  ): Promise<UploadStatus | null> {
    const path = `/videos/upload/resumable?fingerprint=${fingerprint}&size_bytes=${sizeBytes}`;
    return (await this.ask({ method: 'GET', path, signal }, resumableResponseSchema)).upload;
  }

  /** Videos that came of the very same file, the newest first. */
  async findDuplicates(fingerprint: string, sizeBytes: number, signal: AbortSignal): Promise<Video[]> {
    const path = `/videos/upload/duplicates?fingerprint=${fingerprint}&size_bytes=${sizeBytes}`;
    return (await this.ask({ method: 'GET', path, signal }, duplicatesResponseSchema)).videos;
  }

  /** Gives an upload up and frees what the store has of it. */
  async abortUpload(videoId: number, signal: AbortSignal): Promise<void> {
    await this.#send({ method: 'DELETE', path: `/videos/${videoId}/upload`, signal });
  }

  async completeUpload(videoId: number, signal: AbortSignal): Promise<Video> {
    const body = { video_id: videoId };
    const call: Call = { method: 'POST', path: '/videos/upload/complete', body, signal };
    return (await this.ask({ ...call, timeoutMs: COMPLETE_TIMEOUT_MS }, completeUploadResponseSchema)).video;
  }

  async getVideo(videoId: number, signal: AbortSignal): Promise<VideoDetail> {
    return this.ask({ method: 'GET', path: `/videos/${videoId}`, signal }, videoDetailSchema);
  }

  /** The video if it is not what `etag` stands for any more, otherwise null. */
  async getVideoIfChanged(
    videoId: number,
    etag: string | undefined,
    signal: AbortSignal,
  ): Promise<{ detail: VideoDetail; etag: string | undefined } | null> {
    const response = await this.#send({ method: 'GET', path: `/videos/${videoId}`, etag, signal });
    if (response.status === 304) return null;
    return { detail: readAnswer(response, videoDetailSchema), etag: response.headers.etag };
  }

  /** One page of one's own videos; what the query leaves out is the API's default. */
  async listVideos(query: Partial<VideoListQuery>, signal: AbortSignal): Promise<VideoList> {
    return this.ask({ method: 'GET', path: `/videos?${toQuery(query)}`, signal }, videoListSchema);
  }

  /** Changes title, description or visibility, and answers the video as it is then. */
  async updateVideo(videoId: number, patch: VideoUpdate, signal: AbortSignal): Promise<Video> {
    const call: Call = { method: 'PATCH', path: `/videos/${videoId}`, body: patch, signal };
    return (await this.ask(call, videoResponseSchema)).video;
  }

  /** Revokes every link to a private or unlisted video and returns it with its new one. */
  async renewLink(videoId: number, signal: AbortSignal): Promise<Video> {
    const call: Call = { method: 'POST', path: `/videos/${videoId}/renew-link`, signal };
    return (await this.ask(call, videoResponseSchema)).video;
  }

  async cancelVideo(videoId: number, signal: AbortSignal): Promise<void> {
    await this.#send({ method: 'POST', path: `/videos/${videoId}/cancel`, signal });
  }

  async retryVideo(videoId: number, signal: AbortSignal): Promise<void> {
    await this.#send({ method: 'POST', path: `/videos/${videoId}/retry`, signal });
  }

  async deleteVideo(videoId: number, signal: AbortSignal): Promise<void> {
    await this.#send({ method: 'DELETE', path: `/videos/${videoId}`, signal });
  }

  /** Who is logged in, as the server sees it. */
  async me(signal: AbortSignal): Promise<Me> {
    return this.ask({ method: 'GET', path: '/me', signal }, meSchema);
  }

  /** Workers, queue and tasks; for admins, `forbidden` for others. */
  async getFarm(signal: AbortSignal): Promise<Farm> {
    return this.ask({ method: 'GET', path: '/admin/farm', signal }, farmSchema);
  }

  /** The oldest messages that nobody could handle; for admins. */
  async listDeadLetters(signal: AbortSignal): Promise<DeadLetter[]> {
    const call: Call = { method: 'GET', path: '/admin/dead-letters?limit=100', signal };
    return (await this.ask(call, deadLetterListSchema)).dead_letters;
  }

  /** Puts dead letters back where they came from and answers how many; for admins. */
  async replayDeadLetters(signal: AbortSignal): Promise<number> {
    const call: Call = { method: 'POST', path: '/admin/dead-letters/replay', body: {}, signal };
    return (await this.ask(call, replayResponseSchema)).replayed;
  }

  /** Makes a call that has no method here, and reads its answer. */
  async ask<T>(call: Call, schema: z.ZodType<T>): Promise<T> {
    return readAnswer(await this.#send(call), schema);
  }

  async #send(call: Call): Promise<HttpResponse> {
    const token = await this.#session.accessToken();
    let response = await this.#sendAs(token, call);
    if (isTokenRejected(response)) response = await this.#sendAs(await this.#session.refresh(token), call);
    const isUnchanged = response.status === 304 && call.etag !== undefined;
    if (!isUnchanged) assertSuccess(response);
    return response;
  }

  #sendAs(token: string, call: Call): Promise<HttpResponse> {
    return this.#transport.request({
      method: call.method,
      url: this.#baseUrl + call.path,
      headers: {
        authorization: `Bearer ${token}`,
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(call.etag === undefined ? {} : { 'if-none-match': call.etag }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      timeoutMs: call.timeoutMs ?? CALL_TIMEOUT_MS,
      signal: call.signal,
    });
  }
}

/** The query of an address; what is undefined or empty is left out. */
export function toQuery(query: object): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  return search;
}
