import type { Session } from '@reelmill/shared/contracts/users.ts';
import type { GuestVideoDetail, VideoDetail } from '@reelmill/shared/contracts/videos.ts';

/** Relative to the files of this page, so that it is right below any path of the server. */
const API = new URL('../../api/v1', import.meta.url).pathname;
const REQUEST_TIMEOUT_MS = 20_000;
const MIN_DELAY_MS = 1_000;
const MAX_DELAY_MS = 15_000;
const DEVICE_TOKEN_KEY = 'reelmill-device';

/** An error response of the API; `status` is 0 where there was no response. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The requests of one watch page. A session is kept in memory only and ends with the page. */
export class VideoClient {
  #session: Session | null = null;
  readonly #address: string;
  readonly #linkQuery: string;
  #clockOffsetMs = 0;

  /** `linkQuery` is the query of the page's own link where it opens the video, or ''. */
  constructor(videoId: number, linkQuery: string) {
    this.#address = `${API}/videos/${videoId}`;
    this.#linkQuery = linkQuery;
  }

  /** Returns milliseconds since 1970 by the server's clock, by which links expire. */
  serverNow(): number {
    return Date.now() + this.#clockOffsetMs;
  }

  async login(email: string, password: string): Promise<void> {
    const session = await this.#post('/users/login', { email, password, device_token: readDeviceToken() });
    storeDeviceToken(session.device_token);
    this.#session = session;
  }

  async detail(): Promise<VideoDetail | GuestVideoDetail> {
    const response = await this.#get(this.#address, AbortSignal.timeout(REQUEST_TIMEOUT_MS));
    return await response.json();
  }

  async text(url: string): Promise<string> {
    const response = await this.#get(url, AbortSignal.timeout(REQUEST_TIMEOUT_MS));
    return await response.text();
  }

  /** Yields the video whenever it changes, until `signal` is aborted. Reconnects; throws only what no retry can fix. */
  async *changes(signal: AbortSignal): AsyncGenerator<VideoDetail | GuestVideoDetail> {
    let delayMs = MIN_DELAY_MS;
    while (!signal.aborted) {
      try {
        const response = await this.#get(`${this.#address}/events`, signal);
        for await (const data of readEvents(response)) {
          delayMs = MIN_DELAY_MS;
          yield JSON.parse(data);
        }
      } catch (error) {
        if (signal.aborted) return;
        const isFinal = error instanceof ApiError && error.status >= 400 && error.status < 500;
        if (isFinal && error.status !== 429) throw error;
        // where too many streams are open, the video is polled
        if (isFinal) yield* await this.#poll();
      }
      await delay(delayMs, signal);
      delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
    }
  }

  /** Returns the video as it is now; nothing where the request fails. */
  async #poll(): Promise<(VideoDetail | GuestVideoDetail)[]> {
    return await this.detail().then(
      (detail) => [detail],
      () => [],
    );
  }

  async #get(url: string, signal: AbortSignal): Promise<Response> {
    const response = await this.#request(url, signal);
    if (response.status !== 401 || this.#session === null) return await expectOk(response);
    this.#session = await this.#post('/users/refresh', { refresh_token: this.#session.refresh_token });
    return await expectOk(await this.#request(url, signal));
  }

  async #request(url: string, signal: AbortSignal): Promise<Response> {
    const own = url.startsWith(this.#address);
    const response = await send(own ? this.#withLink(url) : url, {
      signal,
      ...(own && this.#session ? { headers: { Authorization: `Bearer ${this.#session.token}` } } : {}),
    });
    const date = own ? Date.parse(response.headers.get('date') ?? '') : Number.NaN;
    if (Number.isFinite(date)) this.#clockOffsetMs = date - Date.now();
    return response;
  }

  #withLink(url: string): string {
    return this.#session === null && this.#linkQuery !== '' ? `${url}?${this.#linkQuery}` : url;
  }

  async #post(path: string, body: Record<string, string | null>): Promise<Session> {
    const response = await send(`${API}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    return await (await expectOk(response)).json();
  }
}

async function send(url: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { cache: 'no-store', credentials: 'omit', ...options });
  } catch (error) {
    throw new ApiError(0, 'network', error instanceof Error ? error.message : 'no response');
  }
}

/** Returns the token by which the server knows this browser; null where there is none. */
function readDeviceToken(): string | null {
  try {
    return localStorage.getItem(DEVICE_TOKEN_KEY);
  } catch {
    return null;
  }
}

function storeDeviceToken(token: string | undefined): void {
  try {
    if (token !== undefined) localStorage.setItem(DEVICE_TOKEN_KEY, token);
  } catch {
    // a browser without storage logs in as a new device the next time
  }
}

async function expectOk(response: Response): Promise<Response> {
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  const error = body?.error ?? {};
  throw new ApiError(
    response.status,
    error.code ?? 'unknown',
    error.message ?? 'The response could not be read.',
  );
}

/** Yields the data of each server-sent event. */
async function* readEvents(response: Response): AsyncGenerator<string> {
  if (response.body === null) return;
  let buffered = '';
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const blocks = (buffered + next.value.replaceAll('\r\n', '\n')).split('\n\n');
      buffered = blocks.pop() ?? '';
      for (const block of blocks) {
        const lines = block.split('\n').filter((line) => line.startsWith('data:'));
        if (lines.length > 0) yield lines.map((line) => line.slice(5).trimStart()).join('\n');
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Resolves after a time, or once `signal` is aborted. */
function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
