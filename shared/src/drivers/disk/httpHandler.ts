import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode, ErrorResponse } from '../../contracts/errors.ts';
import { cacheControlOf } from '../../core/objectKeys.ts';
import { ReelmillError } from '../../runtime/errors.ts';
import { sendContinue } from '../../runtime/expectContinue.ts';
import { readPieces } from '../../runtime/readPieces.ts';
import { parseRange } from './byteRange.ts';
import { allowsRange, evaluateConditions } from './conditions.ts';
import { toStoreError } from './diskErrors.ts';
import type { DiskObjects, OpenObject } from './diskObjects.ts';
import type { DiskUploads } from './diskUploads.ts';
import type { FreeSpace } from './freeSpace.ts';
import type { WriteGate } from './receiveBytes.ts';
import { type Grant, readGrant } from './signedUrls.ts';

// a sender that is silent for so long is gone; a reader may rest much longer while it works on what it has
const SENDER_IDLE_MS = 60_000;
const READER_IDLE_MS = 60 * 60_000;
const RETRY_AFTER_SECONDS = 5;

export interface StoreHandlerOptions {
  secret: string;
  objects: DiskObjects;
  uploads: DiskUploads;
  space: FreeSpace;
}

/** Responds to a request for a signed URL and returns true; returns false where the path is none of the store's. Never throws. */
export type StoreHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/**
 * Serves signed URLs: PUT of parts and objects, GET and HEAD of objects. Paths are relative to where it is mounted.
 * The server it is mounted on must not limit the time of a whole request (`requestTimeout = 0`): silence is limited
 * here.
 */
export function createStoreHandler(options: StoreHandlerOptions): StoreHandler {
  return async (request, response) => {
    const { method = 'GET', socket } = request;
    const url = request.url ?? '/';
    const grant = readGrant(options.secret, { method, url, nowSeconds: Date.now() / 1000 });
    if (grant === 'elsewhere') return false;
    if (refuseMethod(request, response)) return true;
    try {
      if (grant === 'refused')
        throw new ReelmillError('signature_invalid', 'This link has expired or is not valid.');
      await serve(options, grant, request, response);
    } catch (error) {
      respondWithError(response, error);
    } finally {
      // a body that nobody reads would keep the next request of the connection waiting
      if (method === 'PUT') socket.resume();
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
  // until somebody reads it, which resumes it: on a slow disk thousands wait for their files to be opened
  if (!request.complete) request.socket.pause();
  const contentLength = request.headers['content-length'];
  if (contentLength === undefined) {
    sendError(response, 411, 'validation_failed', 'A PUT needs a Content-Length.');
    return;
  }
  const sizeBytes = Number(contentLength);
  assertGranted(grant, sizeBytes);
  if (grant.verb === 'put') await assertExpected(objects, grant.key, request);
  const md5 = readMd5(request.headers['content-md5']);
  await space.assertRoom(sizeBytes);
  sendContinue(request, response);
  const gate: WriteGate = {
    claim: (bytes) => space.claim(bytes),
    onRefused: (error) => respondWithError(response, error),
  };
  const etag =
    grant.verb === 'part'
      ? await uploads.writePart(grant.uploadId, grant.partNumber, request, { sizeBytes, md5, gate })
      : await objects.writeByUrl(grant.key, request, {
          contentType: request.headers['content-type'] ?? 'application/octet-stream',
          sizeBytes,
          ...(md5 === undefined ? {} : { md5 }),
          gate,
        });
  response.writeHead(200, { ETag: `"${etag}"`, 'Content-Length': 0 }).end();
}

/** In hexadecimal; the header has it in base64 (RFC 1864). Throws `validation_failed`. */
function readMd5(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const digest = Buffer.from(String(header), 'base64');
  if (digest.length === 16) return digest.toString('hex');
  throw new ReelmillError('validation_failed', 'Content-MD5 is an MD5 in base64.');
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

/** Throws where a condition of a PUT does not hold for what is there. */
async function assertExpected(
  objects: DiskObjects,
  key: string,
  { headers }: IncomingMessage,
): Promise<void> {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch, 'if-unmodified-since': since } = headers;
  if (ifMatch === undefined && ifNoneMatch === undefined && since === undefined) return;
  // If-Modified-Since has no meaning for a PUT
  const { 'if-modified-since': _, ...conditions } = headers;
  if (evaluateConditions(conditions, await objects.read(key)) !== 'proceed') throw preconditionFailed();
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
  response.setHeader('Cache-Control', cacheControlOf(object.key));
  const verdict = evaluateConditions(request.headers, object);
  if (verdict === 'failed') throw preconditionFailed();
  if (verdict === 'not_modified') {
    response.writeHead(304).end();
    return;
  }
  const wanted = allowsRange(request.headers, object, new Date()) ? request.headers.range : undefined;
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

function preconditionFailed(): ReelmillError {
  return new ReelmillError('precondition_failed', 'The object is another one than was expected.');
}

/** Responds to a method that no URL of this path can be signed for, and returns true. */
function refuseMethod({ method = '', url = '' }: IncomingMessage, response: ServerResponse): boolean {
  const allowed = url.startsWith('/uploads/') ? ['PUT'] : ['GET', 'HEAD', 'PUT'];
  if (allowed.includes(method)) return false;
  response.setHeader('Allow', [...allowed, 'OPTIONS'].join(', '));
  if (method === 'OPTIONS') response.writeHead(204).end();
  else sendError(response, 405, 'method_not_allowed', `${method} is not possible at this address.`);
  return true;
}

/**
 * Writes piece by piece, each when the one before has gone; throws `aborted` when the connection is closed. Nothing is kept of pieces
 * that have gone, as a promise that all of them raced with would: a film has thousands.
 */
async function send(pieces: AsyncIterable<Buffer>, response: ServerResponse): Promise<void> {
  let abort = (_reason: ReelmillError): void => {};
  const onClose = (): void => abort(new ReelmillError('aborted', 'The reader is gone.'));
  response.once('close', onClose);
  try {
    for await (const piece of pieces) {
      await new Promise<void>((resolve, reject) => {
        abort = reject;
        if (response.closed) onClose();
        else response.write(piece, (error) => (error ? reject(error) : resolve()));
      });
    }
    response.end();
  } finally {
    response.off('close', onClose);
  }
}

function respondWithError(response: ServerResponse, cause: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const error = toStoreError(cause);
  sendError(response, statusOf(error), error.code, error.message);
}

/** `X-Request-Id` is set where the server that the handler is mounted on gives requests a number. */
function sendError(response: ServerResponse, status: number, code: ErrorCode, message: string): void {
  const requestId = String(response.getHeader('X-Request-Id') ?? randomUUID());
  const error: ErrorResponse = { error: { code, message, request_id: requestId } };
  const body = JSON.stringify(error);
  response
    .writeHead(status, {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      ...(status === 503 ? { 'Retry-After': RETRY_AFTER_SECONDS } : {}),
    })
    .end(response.req.method === 'HEAD' ? undefined : body);
}

/** The statuses of S3, which uploaders know, where they differ from those of the API. */
function statusOf(error: ReelmillError): number {
  if (error.code === 'upload_gone') return 404;
  if (error.code === 'size_mismatch' || error.code === 'checksum_mismatch') return 400;
  if (error.code === 'disk_full') return 507;
  // the server stops: trying again is right
  if (error.code === 'aborted') return 503;
  return error.status;
}
