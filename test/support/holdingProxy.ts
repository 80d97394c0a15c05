import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Stands in front of an object store and holds some uploads back, as a network may, until the test lets it deliver them. */
export interface HoldingProxy {
  readonly url: string;
  /** Keys, with their bucket, of the uploads that were taken whole and are held back. */
  readonly held: readonly string[];
  /** Delivers what is held back, also where its sender is gone; resolves when the store has responded to all of it. */
  deliver(): Promise<void>;
  close(): Promise<void>;
}

interface Held {
  key: string;
  deliver(): Promise<void>;
}

export async function startHoldingProxy(
  targetUrl: string,
  holds: (key: string) => boolean,
): Promise<HoldingProxy> {
  const target = new URL(targetUrl);
  const held: Held[] = [];
  let isHolding = true;

  const forward = async (
    incoming: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): Promise<void> => {
    const { method, url, headers } = incoming;
    const outgoing = request({ hostname: target.hostname, port: target.port, method, path: url, headers });
    outgoing.end(body);
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage]; // what this event passes
    response.writeHead(reply.statusCode ?? 502, reply.headers);
    response.end(await buffer(reply));
  };
  const server = createServer((incoming, response) => {
    incoming.on('error', () => {});
    const key = decodeURIComponent(new URL(incoming.url ?? '', targetUrl).pathname);
    buffer(incoming).then(
      async (body) => {
        const deliver = () => forward(incoming, response, body);
        if (isHolding && incoming.method === 'PUT' && holds(key)) held.push({ key, deliver });
        else await deliver().catch(() => response.destroy());
      },
      // its sender is gone
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  return {
    url: `http://127.0.0.1:${port}`,
    get held() {
      return held.map(({ key }) => key);
    },
    async deliver() {
      isHolding = false;
      await Promise.all(held.splice(0).map((one) => one.deliver()));
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
