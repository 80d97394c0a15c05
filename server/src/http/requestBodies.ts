import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestHandler } from 'express';

/** The whole body of a request of the API comes within this time, whether anybody reads it or not. */
const BODY_MS = 30_000;
/** A client that goes on sending after the response has so long to read it; many read only when all is sent. */
const AFTER_RESPONSE_MS = 5_000;

/** Ends the connection of a request whose body goes on for long after its response. */
export function limitRestOfBody(
  request: IncomingMessage,
  response: ServerResponse,
  limitMs = AFTER_RESPONSE_MS,
): void {
  // a request whose reader has given it up has no socket any more when the response ends, but its client has
  const { socket } = request;
  response.once('finish', () => endUnlessReceived(request, socket, limitMs));
}

/** Ends the connection of a request whose body takes too long, though its response may not even have begun. */
export function limitBodyTime(limitMs = BODY_MS): RequestHandler {
  return (request, _response, next) => {
    // a moment later than whoever reads the body, who can still say why
    endUnlessReceived(request, request.socket, limitMs + 1_000);
    next();
  };
}

function endUnlessReceived(request: IncomingMessage, socket: Socket, limitMs: number): void {
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
