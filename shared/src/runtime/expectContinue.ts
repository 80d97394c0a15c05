import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Sends `100 Continue` to a client that waits for it before it sends the body (`Expect: 100-continue`); does nothing for any
 * other. A handler that can respond without the body does not call it, and the connection ends with that response.
 */
export function sendContinue(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect === undefined || response.headersSent) return;
  response.removeHeader('Connection');
  response.writeContinue();
}
