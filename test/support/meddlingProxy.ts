import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestHttp,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** What becomes of a request. */
export interface Meddling {
  /** Responds so in place of the target, which hears nothing of it. */
  respond?: { status: number; headers?: Record<string, string>; body?: string };
  /** Asks the target for this path in place of the request's own. */
  path?: string;
  /** The headers of the target's response as they are passed on. */
  alter?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
}

export interface MeddlingProxy {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** `PUT /path?query` of every request so far. */
  readonly requests: readonly string[];
  /** Decides about requests to come. */
  meddle: (request: IncomingMessage) => Meddling | undefined;
  close(): Promise<void>;
}

/** What a captive portal, a firewall or a proxy that is set up wrongly shows. */
export const PAGE = {
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html><html><body>Sign in to the network</body></html>',
};

/** An HTTP proxy in front of `targetUrl` that responds in its place, and changes its responses. */
export async function startMeddlingProxy(targetUrl: string): Promise<MeddlingProxy> {
  const target = new URL(targetUrl);
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const { respond, ...changes } = proxy.meddle(request) ?? {};
    if (respond === undefined) return forward(target, request, response, changes);
    request.resume().once('end', () => response.writeHead(respond.status, respond.headers).end(respond.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  const proxy: MeddlingProxy = {
    url: `http://127.0.0.1:${port}`,
    requests,
    meddle: () => undefined,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

function forward(
  { hostname, port }: URL,
  request: IncomingMessage,
  response: ServerResponse,
  { path, alter = (headers) => headers }: Omit<Meddling, 'respond'>,
): void {
  const { method, url, headers } = request;
  const upstream = requestHttp({ hostname, port, method, path: path ?? url, headers });
  response.on('close', () => upstream.destroy());
  upstream.on('error', () => response.destroy());
  upstream.once('response', (reply) => {
    response.writeHead(reply.statusCode ?? 502, alter({ ...reply.headers }));
    pipeline(reply, response).catch(() => response.destroy());
  });
  pipeline(request, upstream).catch(() => upstream.destroy());
}
