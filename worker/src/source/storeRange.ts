import { type Agent, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { plainEtag } from '@reelmill/shared/core/storeEtag.ts';

/** How a read of the store went wrong, and so what may be done about it. */
export type StoreFaultKind =
  /** It broke off, was silent, refused for the moment or sent something else or more: the same read may work later. */
  | 'temporary'
  /** The URL was refused: another one may not be. */
  | 'refused'
  /** An earlier response on this connection was longer than it said, and has been used: no bytes of it can be trusted. */
  | 'overrun'
  /** The object is not what was pinned: other content, other size, or gone. */
  | 'changed'
  | 'gone';

export class StoreFault extends Error {
  override readonly name = 'StoreFault';
  readonly kind: StoreFaultKind;

  constructor(kind: StoreFaultKind, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.kind = kind;
  }
}

/** Which content of the object is meant. `etag` has no quotes; of the two, it alone counts where both are known. */
export interface SourcePin {
  sizeBytes: number;
  etag?: string | undefined;
  /** ISO 8601. */
  lastModified?: string | undefined;
}

export interface StoreRead {
  url: string;
  /** First and last byte, counted from 0. */
  first: number;
  last: number;
  pin: SourcePin;
  /** The store may be silent for so long while bytes are waited for. */
  silenceMs: number;
  agent: Agent;
  signal: AbortSignal;
}

const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+|\*)$/;
const TEMPORARY_STATUSES = new Set([408, 425, 429]);

/**
 * Reads a range of the object, in order; `onStart` takes the ETag of the response before the first byte. Ends early,
 * on a byte that was asked for, where the store chose to send less. Throws a StoreFault for everything else that is not
 * exactly what was asked for; an abort rejects with the signal's reason.
 */
export async function* readStoreRange(
  read: StoreRead,
  onStart: (etag: string | undefined) => void,
): AsyncGenerator<Buffer, void> {
  const exchange = openRequest(read);
  try {
    const response = await exchange.response;
    const { etag, length } = checkResponse(response, read);
    onStart(etag);
    let left = length;
    // a response without an encoding yields buffers
    for await (const chunk of response as AsyncIterable<Buffer>) {
      left -= chunk.length;
      if (left < 0) throw sentMore();
      exchange.refresh();
      yield chunk;
    }
    if (exchange.sentMore()) throw sentMore();
    if (left > 0) throw new StoreFault('temporary', `the store broke off ${left} bytes too early`);
  } catch (error) {
    read.signal.throwIfAborted();
    if (error instanceof StoreFault) throw error;
    throw new StoreFault('temporary', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  } finally {
    exchange.close();
  }
}

function sentMore(): StoreFault {
  return new StoreFault('temporary', 'the store sent more than it announced');
}

/** `refresh` is called for everything that arrives: a request without anything for `silenceMs` is ended. */
function openRequest({ url, first, last, pin, silenceMs, agent, signal }: StoreRead) {
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  const headers = { Range: `bytes=${first}-${last}`, ...preconditions(pin) };
  const request = send(url, { agent, headers, signal });
  let received: IncomingMessage | undefined;
  let excess = false;
  const watch = setTimeout(() => {
    request.destroy(new StoreFault('temporary', `the store was silent for ${silenceMs} ms`));
  }, silenceMs);
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', (message) => {
      received = message;
      watch.refresh();
      resolve(message);
    });
    request.on('error', (error) => {
      // bytes behind the end of a body are no beginning of a response
      excess ||= received?.complete === true && isParseError(error);
      const isOfEarlier = received === undefined && request.reusedSocket && isParseError(error);
      reject(isOfEarlier ? new StoreFault('overrun', 'the store sent more than it announced') : error);
    });
  });
  request.end();
  return {
    response,
    sentMore: () => excess,
    refresh: () => watch.refresh(),
    close: () => {
      clearTimeout(watch);
      request.destroy();
    },
  };
}

function isParseError(error: NodeJS.ErrnoException): boolean {
  return error.code?.startsWith('HPE_') === true;
}

function preconditions({ etag, lastModified }: SourcePin): Record<string, string> {
  if (etag !== undefined) return { 'If-Match': `"${etag}"` };
  return lastModified === undefined ? {} : { 'If-Unmodified-Since': new Date(lastModified).toUTCString() };
}

/** Returns how many bytes follow. Where a store does not know preconditions, what it says of the object is compared. */
function checkResponse(response: IncomingMessage, { first, last, pin }: StoreRead) {
  checkStatus(response.statusCode ?? 0);
  const [, from, to, total] = CONTENT_RANGE.exec(response.headers['content-range'] ?? '') ?? [];
  if (Number(from) !== first || to === undefined || Number(to) < first || Number(to) > last) {
    throw new StoreFault('temporary', 'the store sent another range than it was asked for');
  }
  if (total !== '*' && Number(total) !== pin.sizeBytes) {
    throw new StoreFault('changed', `the object has ${total} bytes, not ${pin.sizeBytes}`);
  }
  const length = Number(to) - first + 1;
  const announced = response.headers['content-length'];
  if (announced !== undefined && Number(announced) !== length) {
    throw new StoreFault('temporary', 'the store announced another length than its range has');
  }
  checkIdentity(response, pin);
  return { etag: strongEtag(response.headers.etag), length };
}

/** A store, or a proxy before it, may take no notice of preconditions, or weaken ETags. */
function checkIdentity({ headers }: IncomingMessage, pin: SourcePin): void {
  const etag = plainEtag(headers.etag);
  if (pin.etag !== undefined && etag !== undefined) {
    if (etag !== pin.etag) throw new StoreFault('changed', 'the object has another ETag');
    return;
  }
  const modified = headers['last-modified'];
  if (pin.lastModified !== undefined && modified !== undefined) {
    if (!isSameSecond(modified, pin.lastModified)) {
      throw new StoreFault('changed', 'the object was written at another time');
    }
    return;
  }
  if (pin.etag !== undefined || pin.lastModified !== undefined) {
    throw new StoreFault('temporary', 'the store does not say which content it sent');
  }
}

function checkStatus(status: number): void {
  if (status === 206) return;
  const message = `the store responded with ${status}`;
  if (status === 412 || status === 416) throw new StoreFault('changed', message);
  if (status === 404 || status === 410) throw new StoreFault('gone', message);
  if (status >= 400 && status < 500 && !TEMPORARY_STATUSES.has(status)) {
    throw new StoreFault('refused', message);
  }
  throw new StoreFault('temporary', message);
}

/** For `If-Match`, which a weak ETag never meets. */
function strongEtag(header: string | undefined): string | undefined {
  return header?.startsWith('W/') ? undefined : plainEtag(header);
}

/** HTTP counts whole seconds. */
function isSameSecond(header: string, pinned: string): boolean {
  return Math.floor(Date.parse(header) / 1000) === Math.floor(Date.parse(pinned) / 1000);
}
