import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode } from '../../contracts/errors.ts';
import { ReelmillError } from '../../runtime/errors.ts';
import { readPieces } from '../../runtime/readPieces.ts';
import { parseRange } from './byteRange.ts';
import { toStoreError } from './diskErrors.ts';
import type { DiskObjects, OpenObject } from './diskObjects.ts';
import type { DiskUploads } from './diskUploads.ts';
import type { FreeSpace } from './freeSpace.ts';
import type { WriteGate } from './receiveBytes.ts';
import { type Grant, readGrant } from './signedUrls.ts';

// a sender that is silent for so long is gone; a reader may rest much longer while it works on what it has
const SENDER_IDLE_MS = 60_000;
const READER_IDLE_MS = 60 * 60_000;

export interface StoreHandlerOptions {
  secret: string;
  objects: DiskObjects;
  uploads: DiskUploads;
  space: FreeSpace;
}

/** Answers a request for a signed URL; false where the path is none of the store's. Never throws. */
export type StoreHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/**
 * Serves signed URLs: PUT of parts and objects, GET and HEAD of objects. Paths are relative to where it is mounted.
 * The server it is mounted on must not limit the time of a whole request (`requestTimeout = 0`): silence is limited
 * here.
 */
export function createStoreHandler(options: StoreHandlerOptions): StoreHandler {
  return async (request, response) => {
    const method = request.method ?? 'GET';
    const url = request.url ?? '/';
    const grant = readGrant(options.secret, { method, url, nowSeconds: Date.now() / 1000 });
    if (grant === 'elsewhere') return false;
    try {
      if (grant === 'refused')
        throw new ReelmillError('signature_invalid', 'This link has expired or is not valid.');
      await serve(options, grant, request, response);
    } catch (error) {
      answerError(response, error);
    }
    return true;
  };
}

async function serve(
  { objects, uploads, space }: StoreHandlerOptions,
  grant: Grant,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (grant.verb === 'get') return await serveObject(objects, grant, request, response);
  request.setTimeout(SENDER_IDLE_MS);
  const contentLength = request.headers['content-length'];
  if (contentLength === undefined) {
    sendError(response, 411, 'validation_failed', 'A PUT needs a Content-Length.');
    return;
  }
  const sizeBytes = Number(contentLength);
  assertGranted(grant, sizeBytes);
  await space.assertRoom(sizeBytes);
  const gate: WriteGate = {
    claim: (bytes) => space.claim(bytes),
    onRefused: (error) => answerError(response, error),
  };
  const etag =
    grant.verb === 'part'
      ? await uploads.writePart(grant.uploadId, grant.partNumber, request, { sizeBytes, gate })
      : await objects.writeByUrl(grant.key, request, {
          contentType: request.headers['content-type'] ?? 'application/octet-stream',
          sizeBytes,
          gate,
        });
  response.writeHead(200, { ETag: `"${etag}"`, 'Content-Length': 0 }).end();
}

/** Throws where the body is not one that the URL was signed for, before any of it is read. */
function assertGranted(grant: Extract<Grant, { verb: 'put' | 'part' }>, sizeBytes: number): void {
  if (grant.verb === 'part') {
    if (grant.sizeBytes === undefined || grant.sizeBytes === sizeBytes) return;
    throw new ReelmillError('size_mismatch', `This part must have ${grant.sizeBytes} bytes.`);
  }
  if (grant.maxBytes === undefined || sizeBytes <= grant.maxBytes) return;
  throw new ReelmillError('too_large', `The file is larger than the ${grant.maxBytes} bytes that are left.`);
}

async function serveObject(
  objects: DiskObjects,
  grant: Extract<Grant, { verb: 'get' }>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const opened = await objects.open(grant.key);
  if (!opened) throw new ReelmillError('not_found', 'There is no such object.');
  response.setTimeout(READER_IDLE_MS);
  try {
    await sendObject(opened, grant.contentType, request, response);
  } finally {
    await opened.file.close();
  }
}

async function sendObject(
  { object, file }: OpenObject,
  contentType: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const etag = `"${object.etag}"`;
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('ETag', etag);
  response.setHeader('Last-Modified', object.lastModified.toUTCString());
  // what creators uploaded is never to be run or guessed at by a browser
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Content-Security-Policy', "default-src 'none'; sandbox");
  if (!isExpected(request, object))
    throw new ReelmillError('precondition_failed', 'The object is another one than was expected.');
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  const ifRange = request.headers['if-range'];
  const wanted = ifRange === undefined || ifRange === etag ? request.headers.range : undefined;
  const range = parseRange(wanted, object.sizeBytes);
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${object.sizeBytes}`);
    throw new ReelmillError('range_not_satisfiable', 'The range begins beyond the end of the object.');
  }
  const { first, last } = range === 'whole' ? { first: 0, last: object.sizeBytes - 1 } : range;
  if (range !== 'whole') response.setHeader('Content-Range', `bytes ${first}-${last}/${object.sizeBytes}`);
  response.writeHead(range === 'whole' ? 200 : 206, {
    'Content-Type': contentType ?? object.contentType,
    'Content-Length': last - first + 1,
  });
  if (request.method === 'HEAD' || last < first) {
    response.end();
    return;
  }
  await send(readPieces(file, { start: first, length: last - first + 1 }), response);
}

/** `If-Match` and, where there is none, `If-Unmodified-Since`, as RFC 9110 has them. */
function isExpected({ headers }: IncomingMessage, { etag, lastModified }: OpenObject['object']): boolean {
  const expected = headers['if-match'];
  if (expected !== undefined) {
    return expected.split(',').some((tag) => ['*', `"${etag}"`, etag].includes(tag.trim()));
  }
  const since = Date.parse(headers['if-unmodified-since'] ?? '');
  // HTTP counts in seconds; a date that is none is passed over
  return Number.isNaN(since) || Math.floor(lastModified.getTime() / 1000) * 1000 <= since;
}

/** Writes piece by piece, each when the one before has gone; gives up when the connection is closed. */
async function send(pieces: AsyncIterable<Buffer>, response: ServerResponse): Promise<void> {
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => undefined);
  const onClose = (): void => closed.reject(new ReelmillError('aborted', 'The reader is gone.'));
  response.once('close', onClose);
  if (response.closed) onClose();
  try {
    for await (const piece of pieces) {
      const written = new Promise<void>((resolve, reject) => {
        response.write(piece, (error) => (error ? reject(error) : resolve()));
      });
      await Promise.race([written, closed.promise]);
    }
    response.end();
  } finally {
    response.off('close', onClose);
  }
}

function answerError(response: ServerResponse, cause: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const error = toStoreError(cause);
  sendError(response, statusOf(error), error.code, error.message);
}

function sendError(response: ServerResponse, status: number, code: ErrorCode, message: string): void {
  const body = JSON.stringify({ error: { code, message } });
  response
    .writeHead(status, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
    })
    .end(response.req.method === 'HEAD' ? undefined : body);
}

/** The statuses of S3, which uploaders know, where they differ from those of the API. */
function statusOf(error: ReelmillError): number {
  if (error.code === 'upload_gone') return 404;
  if (error.code === 'size_mismatch') return 400;
  if (error.code === 'disk_full') return 507;
  // a later attempt at the same part or object took its place, or the server stops: trying again is right
  if (error.code === 'aborted') return 503;
  return error.status;
}
