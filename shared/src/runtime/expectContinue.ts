import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Asks a client that waits for leave to send the body of its request (`Expect: 100-continue`) for it; does nothing
 * for any other. Whoever knows the response without the body does not call it, and the connection ends with that response.
 */
export function sendContinue(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect === undefined || response.headersSent) return;
  response.removeHeader('Connection');
  response.writeContinue();
}
