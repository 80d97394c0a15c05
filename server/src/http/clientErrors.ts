import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ERROR_CODES, type ErrorCode, type ErrorResponse } from '@reelmill/shared/contracts/errors.ts';

interface Rejection {
  code: ErrorCode;
  message: string;
  retryAfterSeconds?: number;
}

/** Sends an error response as JSON and closes the connection. */
export function reject(response: ServerResponse, { code, message, retryAfterSeconds }: Rejection): void {
  const error: ErrorResponse = { error: { code, message, request_id: randomUUID() } };
  const body = JSON.stringify(error);
  response
    .writeHead(ERROR_CODES[code].status, {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': retryAfterSeconds }),
      Connection: 'close',
    })
    .end(body);
}

const REJECTIONS: Record<string, Rejection> = {
  HPE_HEADER_OVERFLOW: {
    code: 'headers_too_large',
    message: 'The URL and the headers of the request are too large.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'request_timeout',
    message: 'The headers of the request did not arrive in time.',
  },
};
const NOT_HTTP: Rejection = { code: 'validation_failed', message: 'The request is not valid HTTP.' };

/** Rejects what cannot be parsed as a request with an error response as JSON, and closes the connection. */
export function rejectMalformedRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { code, message } = REJECTIONS[error.code ?? ''] ?? NOT_HTTP;
  const { status } = ERROR_CODES[code];
  const body: ErrorResponse = { error: { code, message, request_id: randomUUID() } };
  const json = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(json)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${json}`);
}
