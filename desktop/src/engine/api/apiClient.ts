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
import { assertSuccess, isTokenRejected, readResponse } from './responses.ts';

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
 * The API for a signed-in user: one call per method, no retries. Throws the API's own errors; a rejected access token is
 * refreshed once, and the call repeated.
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

  /** Opens a multipart upload. Not idempotent: the upload may exist although the response was lost. */
  async beginUpload(
    request: InitiateUploadRequest & { size_bytes: number },
    signal: AbortSignal,
  ): Promise<BegunUpload> {
    const call: Call = { method: 'POST', path: '/videos/upload/initiate', body: request, signal };
    return this.request(call, beginResponseSchema);
  }

  async signParts(videoId: number, partNumbers: readonly number[], signal: AbortSignal): Promise<PartUrl[]> {
    const path = `/videos/${videoId}/upload/parts`;
    const body = { part_numbers: partNumbers };
    return (await this.request({ method: 'POST', path, body, signal }, signPartsResponseSchema)).urls;
  }

  /** Returns what the store has of an unfinished upload. */
  async getUpload(videoId: number, signal: AbortSignal): Promise<UploadStatus> {
    return this.request({ method: 'GET', path: `/videos/${videoId}/upload`, signal }, uploadStatusSchema);
  }

  /** Returns an unfinished upload of the same file, begun here or elsewhere, or null. */
  async findResumable(
    fingerprint: string,
    sizeBytes: number,
    signal: AbortSignal,
  ): Promise<UploadStatus | null> {
    const path = `/videos/upload/resumable?fingerprint=${fingerprint}&size_bytes=${sizeBytes}`;
    return (await this.request({ method: 'GET', path, signal }, resumableResponseSchema)).upload;
  }

  /** Returns the videos of the very same file, the newest first. */
  async findDuplicates(fingerprint: string, sizeBytes: number, signal: AbortSignal): Promise<Video[]> {
    const path = `/videos/upload/duplicates?fingerprint=${fingerprint}&size_bytes=${sizeBytes}`;
    return (await this.request({ method: 'GET', path, signal }, duplicatesResponseSchema)).videos;
  }

  /** Aborts an upload and frees its space in the store. */
  async abortUpload(videoId: number, signal: AbortSignal): Promise<void> {
    await this.#send({ method: 'DELETE', path: `/videos/${videoId}/upload`, signal });
  }

  async completeUpload(videoId: number, signal: AbortSignal): Promise<Video> {
    const body = { video_id: videoId };
    const call: Call = { method: 'POST', path: '/videos/upload/complete', body, signal };
    return (await this.request({ ...call, timeoutMs: COMPLETE_TIMEOUT_MS }, completeUploadResponseSchema))
      .video;
  }

  async getVideo(videoId: number, signal: AbortSignal): Promise<VideoDetail> {
    return this.request({ method: 'GET', path: `/videos/${videoId}`, signal }, videoDetailSchema);
  }

  /** Returns the video if it has changed since `etag`, otherwise null. */
  async getVideoIfChanged(
    videoId: number,
    etag: string | undefined,
    signal: AbortSignal,
  ): Promise<{ detail: VideoDetail; etag: string | undefined } | null> {
    const response = await this.#send({ method: 'GET', path: `/videos/${videoId}`, etag, signal });
    if (response.status === 304) return null;
    return { detail: readResponse(response, videoDetailSchema), etag: response.headers.etag };
  }

  /** Returns one page of the user's own videos; the API has defaults for what the query leaves out. */
  async listVideos(query: Partial<VideoListQuery>, signal: AbortSignal): Promise<VideoList> {
    return this.request({ method: 'GET', path: `/videos?${toQuery(query)}`, signal }, videoListSchema);
  }

  /** Changes title, description or visibility, and returns the changed video. */
  async updateVideo(videoId: number, patch: VideoUpdate, signal: AbortSignal): Promise<Video> {
    const call: Call = { method: 'PATCH', path: `/videos/${videoId}`, body: patch, signal };
    return (await this.request(call, videoResponseSchema)).video;
  }

  /** Revokes every link to a private or unlisted video and returns it with its new one. */
  async renewLink(videoId: number, signal: AbortSignal): Promise<Video> {
    const call: Call = { method: 'POST', path: `/videos/${videoId}/renew-link`, signal };
    return (await this.request(call, videoResponseSchema)).video;
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

  /** Returns the account of the session. */
  async me(signal: AbortSignal): Promise<Me> {
    return this.request({ method: 'GET', path: '/me', signal }, meSchema);
  }

  /** Returns workers, queue and tasks. Throws `forbidden` unless the user is an admin. */
  async getFarm(signal: AbortSignal): Promise<Farm> {
    return this.request({ method: 'GET', path: '/admin/farm', signal }, farmSchema);
  }

  /** Returns the oldest dead letters; for admins. */
  async listDeadLetters(signal: AbortSignal): Promise<DeadLetter[]> {
    const call: Call = { method: 'GET', path: '/admin/dead-letters?limit=100', signal };
    return (await this.request(call, deadLetterListSchema)).dead_letters;
  }

  /** Moves dead letters back to their queues and returns how many; for admins. */
  async replayDeadLetters(signal: AbortSignal): Promise<number> {
    const call: Call = { method: 'POST', path: '/admin/dead-letters/replay', body: {}, signal };
    return (await this.request(call, replayResponseSchema)).replayed;
  }

  /** Makes a call that has no method here, and returns its response. */
  async request<T>(call: Call, schema: z.ZodType<T>): Promise<T> {
    return readResponse(await this.#send(call), schema);
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

/** Returns a URL's query string; undefined and empty values are left out. */
export function toQuery(query: object): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  return search;
}
