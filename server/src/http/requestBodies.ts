import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestHandler } from 'express';

/** Limit for the whole body of a request of the API, whether a handler reads it or not. */
const BODY_MS = 30_000;
/** How long a client may still send after the response; many read it only when they have sent everything. */
const AFTER_RESPONSE_MS = 5_000;

/** Closes the connection of a request whose body still arrives long after its response. */
export function limitRestOfBody(
  request: IncomingMessage,
  response: ServerResponse,
  limitMs = AFTER_RESPONSE_MS,
): void {
  // an aborted request has no socket any more when the response ends, although the connection is still open
  const { socket } = request;
  response.once('finish', () => closeUnlessReceived(request, socket, limitMs));
}

/** Closes the connection of a request whose body takes too long, even before its response has started. */
export function limitBodyTime(limitMs = BODY_MS): RequestHandler {
  return (request, _response, next) => {
    // a second later than `readJson`, which can still send an error response
    closeUnlessReceived(request, request.socket, limitMs + 1_000);
    next();
  };
}

function closeUnlessReceived(request: IncomingMessage, socket: Socket, limitMs: number): void {
  if (request.complete) return;
  const timer = setTimeout(() => {
    stop();
    if (!request.complete) socket.destroy();
  }, limitMs);
  const stop = (): void => {
    clearTimeout(timer);
    request.off('end', stop);
    // the connection may serve many more requests
    socket.off('close', stop);
  };
  request.once('end', stop);
  socket.once('close', stop);
}
