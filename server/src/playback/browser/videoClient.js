/**
 * @import { GuestVideoDetail, VideoDetail } from '@reelmill/shared/contracts/videos.ts'
 * @import { Session } from '@reelmill/shared/contracts/users.ts'
 */

/** Beside the files of this page, whatever path the server has. */
const API = new URL('../../api/v1', import.meta.url).pathname;
const CALL_TIMEOUT_MS = 20_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
const DEVICE_KEY = 'reelmill-device';

/** An answer of the API that is no success; `status` is 0 where there was no answer. */
export class CallError extends Error {
  /** @param {number} status @param {string} code @param {string} message */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The API as one watch page needs it. A session is kept in memory only and ends with the page. */
export class VideoClient {
  /** @type {Session | null} */
  #session = null;
  #address;
  #linkQuery;
  #clockOffsetMs = 0;

  /** @param {number} videoId @param {string} linkQuery what opens the page's own link, or '' */
  constructor(videoId, linkQuery) {
    this.#address = `${API}/videos/${videoId}`;
    this.#linkQuery = linkQuery;
  }

  /** Milliseconds since 1970 by the server's clock, which is what links expire by. */
  serverNow() {
    return Date.now() + this.#clockOffsetMs;
  }

  /** @param {string} email @param {string} password */
  async login(email, password) {
    const session = await this.#post('/users/login', { email, password, device_token: readDevice() });
    keepDevice(session.device_token);
    this.#session = session;
  }

  /** @returns {Promise<VideoDetail | GuestVideoDetail>} */
  async detail() {
    const response = await this.#get(this.#address, AbortSignal.timeout(CALL_TIMEOUT_MS));
    return await response.json();
  }

  /** @param {string} url @returns {Promise<string>} */
  async text(url) {
    const response = await this.#get(url, AbortSignal.timeout(CALL_TIMEOUT_MS));
    return await response.text();
  }

  /**
   * The video whenever it changes, until `signal` is aborted. Comes back by itself after an interruption; throws only
   * what waiting cannot mend.
   * @param {AbortSignal} signal
   * @returns {AsyncGenerator<VideoDetail | GuestVideoDetail>}
   */
  async *changes(signal) {
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        const response = await this.#get(`${this.#address}/events`, signal);
        for await (const data of readEvents(response)) {
          pauseMs = FIRST_PAUSE_MS;
          yield JSON.parse(data);
        }
      } catch (error) {
        if (signal.aborted) return;
        const isFinal = error instanceof CallError && error.status >= 400 && error.status < 500;
        if (isFinal && error.status !== 429) throw error;
        // where no stream is to be had, the video is asked for now and then
        if (isFinal) yield* await this.#look();
      }
      await pause(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** The video as it is now, unless it cannot be had at the moment. @returns {Promise<(VideoDetail | GuestVideoDetail)[]>} */
  async #look() {
    return await this.detail().then(
      (detail) => [detail],
      () => [],
    );
  }

  /** @param {string} url @param {AbortSignal} signal @returns {Promise<Response>} */
  async #get(url, signal) {
    const response = await this.#request(url, signal);
    if (response.status !== 401 || this.#session === null) return await expectOk(response);
    this.#session = await this.#post('/users/refresh', { refresh_token: this.#session.refresh_token });
    return await expectOk(await this.#request(url, signal));
  }

  /** @param {string} url @param {AbortSignal} signal */
  async #request(url, signal) {
    const own = url.startsWith(this.#address);
    const response = await send(own ? this.#withLink(url) : url, {
      signal,
      ...(own && this.#session ? { headers: { Authorization: `Bearer ${this.#session.token}` } } : {}),
    });
    const date = own ? Date.parse(response.headers.get('date') ?? '') : Number.NaN;
    if (Number.isFinite(date)) this.#clockOffsetMs = date - Date.now();
    return response;
  }

  /** @param {string} url */
  #withLink(url) {
    return this.#session === null && this.#linkQuery !== '' ? `${url}?${this.#linkQuery}` : url;
  }

  /** @param {string} path @param {Record<string, string | null>} body @returns {Promise<Session>} */
  async #post(path, body) {
    const response = await send(`${API}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    return await (await expectOk(response)).json();
  }
}

/** @param {string} url @param {RequestInit} options */
async function send(url, options) {
  try {
    return await fetch(url, { cache: 'no-store', credentials: 'omit', ...options });
  } catch (error) {
    throw new CallError(0, 'network', error instanceof Error ? error.message : 'no answer');
  }
}

/** What the server calls this browser; null where it does not know it. */
function readDevice() {
  try {
    return localStorage.getItem(DEVICE_KEY);
  } catch {
    return null;
  }
}

/** @param {string | undefined} token */
function keepDevice(token) {
  try {
    if (token !== undefined) localStorage.setItem(DEVICE_KEY, token);
  } catch {
    // a browser that keeps nothing logs in as a new device the next time
  }
}

/** @param {Response} response */
async function expectOk(response) {
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  const error = body?.error ?? {};
  throw new CallError(
    response.status,
    error.code ?? 'unknown',
    error.message ?? 'No answer that can be read.',
  );
}

/** The data of each server-sent event. @param {Response} response @returns {AsyncGenerator<string>} */
async function* readEvents(response) {
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

/** @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
