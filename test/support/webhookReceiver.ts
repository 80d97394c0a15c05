import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { waitFor } from './processes.ts';

export interface Received {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A receiver of webhooks: a real HTTP server that responds as the test wants. */
export interface WebhookReceiver {
  /** Without a slash at the end. */
  readonly url: string;
  readonly received: readonly Received[];
  /** How it responds from now on; with 204 before the first call. */
  respondWith(how: (response: ServerResponse, request: Received) => void): void;
  /** Waits until a request to this path has come `count` times, and returns the last of these. */
  waitFor(path: string, count?: number): Promise<Received>;
  close(): Promise<void>;
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: Received[] = [];
  let respond = (response: ServerResponse, _request: Received): void => {
    response.writeHead(204).end();
  };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const message = { path: request.url ?? '', headers, body };
    received.push(message);
    respond(response, message);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no TCP port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    respondWith(how) {
      respond = how;
    },
    waitFor: (path, count = 1) =>
      waitFor(`${count} deliveries to ${path}`, () => {
        const these = received.filter((request) => request.path === path);
        return these.length >= count ? these[count - 1] : null;
      }),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What the specification's own library makes of a delivery; throws where the signature or its time is not right. */
export function verify(secret: string, { body, headers }: Received): unknown {
  return new Webhook(secret).verify(body, headers);
}
