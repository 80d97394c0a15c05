import type { IncomingMessage, ServerResponse } from 'node:http';
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
  response.once('finish', () => endUnlessReceived(request, limitMs));
}

/** Ends the connection of a request whose body takes too long, though its response may not even have begun. */
export function limitBodyTime(limitMs = BODY_MS): RequestHandler {
  return (request, _response, next) => {
    // a moment later than whoever reads the body, who can still say why
    endUnlessReceived(request, limitMs + 1_000);
    next();
  };
}

function endUnlessReceived(request: IncomingMessage, limitMs: number): void {
  if (request.complete) return;
  const timer = setTimeout(() => {
    if (!request.complete) request.socket.destroy();
  }, limitMs);
  request.once('end', () => clearTimeout(timer));
  request.once('close', () => clearTimeout(timer));
}
