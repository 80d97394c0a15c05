import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ERROR_CODES, type ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { ServerInfo } from '@reelmill/shared/contracts/server.ts';
import type { Session } from '@reelmill/shared/contracts/users.ts';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import type { ObjectStore, UploadRef } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

const SERVER: ServerInfo = { name: 'reelmill', version: '0.0.0', registration: 'closed', media_origins: [] };
/** Every login is of the same user. */
const SESSION: Session = {
  token: '',
  refresh_token: 'unused',
  expires_in: 3_600,
  user: {
    user_id: 1,
    nickname: 'creator',
    email: 'creator@example.org',
    role: 'creator',
    password_temporary: false,
    created_at: '2025-01-01T00:00:00Z',
  },
};

interface ApiVideo {
  id: number;
  key: string;
  ref: UploadRef;
  status: Video['status'];
  sizeBytes: number;
  fileName: string;
  title: string;
  fingerprint: string | null;
  lastModified: number | null;
}

/** A response in place of the API's own. */
export interface Intercepted {
  status: number;
  code: ErrorCode;
  headers?: Record<string, string>;
}

export interface UploadApi {
  readonly url: string;
  readonly calls: readonly string[];
  readonly videos: ReadonlyMap<number, ApiVideo>;
  /** The access tokens that are accepted. */
  readonly tokens: Set<string>;
  setStatus(videoId: number, status: Video['status']): void;
  /** Asked before every call (`POST /videos/upload/initiate`) and, with `after`, when it was carried out. */
  intercept: (call: string, when: 'before' | 'after') => Intercepted | 'cut' | undefined;
  close(): Promise<void>;
}

/** The upload routes of the API over any object store, with places to inject failures; videos live in memory. */
export async function startUploadApi(options: {
  store: ObjectStore;
  partSizeBytes: number;
  urlTtlSeconds?: number;
}): Promise<UploadApi> {
  const { store, partSizeBytes } = options;
  const signing = { expiresSeconds: options.urlTtlSeconds ?? 60, audience: 'public' } as const;
  const videos = new Map<number, ApiVideo>();
  const calls: string[] = [];
  let lastId = 0;

  const find = (path: string): ApiVideo => {
    const video = videos.get(Number(/\/videos\/(\d+)/.exec(path)?.[1]));
    if (video === undefined) throw new ReelmillError('not_found', 'There is no such video.');
    return video;
  };
  const findOpen = (path: string): ApiVideo => {
    const video = find(path);
    if (video.status === 'uploading') return video;
    throw new ReelmillError('state_conflict', `The video is ${video.status}.`);
  };
  const sign = (video: ApiVideo, numbers: number[]) =>
    Promise.all(
      numbers.map(async (part_number) => ({
        part_number,
        url: await store.signPart(video.ref, part_number, signing),
      })),
    );
  const serializeUpload = async (video: ApiVideo) => ({
    video_id: video.id,
    file_name: video.fileName,
    size_bytes: video.sizeBytes,
    part_size: partSizeBytes,
    part_count: Math.ceil(video.sizeBytes / partSizeBytes),
    last_modified: video.lastModified,
    fingerprint: video.fingerprint,
    expires_at: '2100-01-01T00:00:00Z',
    parts: (await store.listParts(video.ref)).map(({ partNumber, sizeBytes, etag }) => ({
      part_number: partNumber,
      size: sizeBytes,
      etag,
    })),
  });

  const initiate = async (body: Record<string, unknown>): Promise<unknown> => {
    lastId += 1;
    const id = lastId;
    const fileName = String(body.file_name);
    const sizeBytes = Number(body.size_bytes);
    const key = `raw/${id}/source`;
    const ref = await store.createUpload(key, { contentType: 'video/mp4', partSizeBytes, sizeBytes });
    const video: ApiVideo = {
      id,
      key,
      ref,
      status: 'uploading',
      sizeBytes,
      fileName,
      title: typeof body.title === 'string' ? body.title : fileName,
      fingerprint: typeof body.fingerprint === 'string' ? body.fingerprint : null,
      lastModified: typeof body.last_modified === 'number' ? body.last_modified : null,
    };
    videos.set(video.id, video);
    const { part_size, part_count, expires_at } = await serializeUpload(video);
    const urls = await sign(video, [1]);
    return { video_id: video.id, upload: { part_size, part_count, expires_at, urls } };
  };
  const join = async (video: ApiVideo): Promise<void> => {
    const parts = await store.listParts(video.ref);
    const size = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
    if (size !== video.sizeBytes) throw new ReelmillError('upload_incomplete', 'Parts are missing.');
    await store.completeUpload(video.ref, parts);
  };
  const complete = async (videoId: number): Promise<unknown> => {
    const video = find(`/videos/${videoId}`);
    if (video.status === 'uploading') {
      await join(video).catch(async (error: unknown) => {
        // another call may have joined them, as the server finds out too
        if ((await store.stat(video.key))?.sizeBytes !== video.sizeBytes) throw error;
      });
      video.status = 'transcoding';
    }
    return { message: 'accepted', video: toVideo(video) };
  };
  const resumable = async (query: URLSearchParams): Promise<unknown> => {
    const video = [...videos.values()].find(
      (one) =>
        one.status === 'uploading' &&
        one.fingerprint === query.get('fingerprint') &&
        one.sizeBytes === Number(query.get('size_bytes')),
    );
    return { upload: video === undefined ? null : await serializeUpload(video) };
  };
  const duplicates = (query: URLSearchParams): unknown => {
    const found = [...videos.values()].filter(
      (one) =>
        (one.status === 'transcoding' || one.status === 'online') &&
        one.fingerprint === query.get('fingerprint') &&
        one.sizeBytes === Number(query.get('size_bytes')),
    );
    return { videos: found.reverse().map(toVideo) };
  };
  const list = (query: URLSearchParams): unknown => {
    const ids = query.get('ids')?.split(',').map(Number);
    const found = [...videos.values()].filter((one) => ids === undefined || ids.includes(one.id));
    return { videos: found.map(toVideo), total: found.length };
  };
  const rename = (path: string, body: Record<string, unknown>): unknown => {
    const video = find(path);
    video.title = String(body.title);
    return { video: toVideo(video) };
  };
  const abort = async (path: string): Promise<unknown> => {
    const video = findOpen(path);
    await store.abortUpload(video.ref);
    video.status = 'canceled';
    return {};
  };

  const route = async (
    call: string,
    path: string,
    query: URLSearchParams,
    body: Record<string, unknown>,
  ): Promise<unknown> => {
    switch (call) {
      case 'POST /videos/upload/initiate':
        return initiate(body);
      case 'POST /videos/upload/complete':
        return complete(Number(body.video_id));
      case 'GET /videos/upload/resumable':
        return resumable(query);
      case 'GET /videos/upload/duplicates':
        return duplicates(query);
      case 'GET /videos':
        return list(query);
      case 'PATCH /videos/:id':
        return rename(path, body);
      case 'POST /videos/:id/upload/parts':
        return { urls: await sign(findOpen(path), body.part_numbers as number[]) }; // the engine's own request
      case 'GET /videos/:id/upload':
        return serializeUpload(findOpen(path));
      case 'DELETE /videos/:id/upload':
        return abort(path);
      case 'GET /me':
        return SESSION.user;
      case 'GET /videos/:id':
        return { video: toVideo(find(path)), sources: [] };
      default:
        throw new ReelmillError('not_found', `There is no ${call}.`);
    }
  };

  const api: Omit<UploadApi, 'close' | 'url'> = {
    calls,
    videos,
    tokens: new Set(['valid']),
    setStatus: (videoId, status) => {
      find(`/videos/${videoId}`).status = status;
    },
    intercept: () => undefined,
  };
  const server = createServer((request, response) => {
    void handle(request, response).catch(() => response.destroy());
  });
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://api');
    const path = url.pathname.replace('/api/v1', '');
    const call = `${request.method} ${path.replace(/\/\d+/, '/:id')}`;
    calls.push(call);
    const body = await readBody(request);
    const before = api.intercept(call, 'before');
    if (before !== undefined) return refuse(response, before);
    if (call === 'GET /server') return send(response, SERVER);
    if (call === 'POST /users/login') return send(response, { ...SESSION, token: [...api.tokens][0] });
    if (!api.tokens.has(request.headers.authorization?.replace('Bearer ', '') ?? '')) {
      return refuse(response, { status: 401, code: 'token_expired' });
    }
    try {
      const result = await route(call, path, url.searchParams, body);
      const after = api.intercept(call, 'after');
      if (after !== undefined) return refuse(response, after);
      send(response, result);
    } catch (error) {
      const code = error instanceof ReelmillError ? error.code : 'internal';
      refuse(response, { status: ERROR_CODES[code].status, code });
    }
  };
  return Object.assign(api, { url: await listen(server), close: () => closeServer(server) });
}

/** Serves on a free port of the loopback address and returns the base URL. */
export async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP port');
  return `http://127.0.0.1:${address.port}`;
}

export async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

function send(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, how: Intercepted | 'cut'): void {
  if (how === 'cut') {
    response.destroy();
    return;
  }
  const error = { code: how.code, message: `refused with ${how.code}`, request_id: 'test' };
  response.writeHead(how.status, { 'content-type': 'application/json', ...how.headers });
  response.end(JSON.stringify({ error }));
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString());
}

function toVideo(video: ApiVideo): Video {
  return {
    id: video.id,
    user_id: 1,
    title: video.title,
    description: '',
    visibility: 'private',
    status: video.status,
    phase: video.status === 'transcoding' ? 'queued' : null,
    progress: video.status === 'online' ? 100 : 0,
    eta_seconds: null,
    playable: video.status === 'online',
    file_name: video.fileName,
    size_bytes: video.sizeBytes,
    duration: null,
    width: null,
    height: null,
    frame_rate: null,
    cover_url: null,
    storyboard_url: null,
    playback_url: null,
    watch_url: `http://watch/${video.id}`,
    legacy_link_until: null,
    waiting: null,
    notices: [],
    error: video.status === 'failed' ? { code: 'not_a_video', message: 'This is not a video.' } : null,
    created_at: '2025-01-01T00:00:00Z',
    updated_at: '2025-01-01T00:00:00Z',
    online_at: null,
  };
}
