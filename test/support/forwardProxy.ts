import { once } from 'node:events';
import { createServer, request as requestHttp } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** The only way out of a network: passes requests on to hosts that only it can look up. */
export interface ForwardProxy {
  readonly port: number;
  /** `CONNECT host:port` or `PUT http://host/path` of each request that was let through. */
  readonly passed: readonly string[];
  close(): Promise<void>;
}

/** `targets` has the address of each host and port; without the `credentials` (`user:password`) it responds with 407. */
export async function startForwardProxy(options: {
  targets: Readonly<Record<string, URL>>;
  credentials: string;
}): Promise<ForwardProxy> {
  const passed: string[] = [];
  const sockets = new Set<Socket>();
  const wanted = `Basic ${Buffer.from(options.credentials).toString('base64')}`;
  const server = createServer((request, response) => {
    const { 'proxy-authorization': given, ...headers } = request.headers;
    const asked = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : null;
    const target = asked === null ? undefined : options.targets[`${asked.hostname}:${asked.port || 80}`];
    if (given !== wanted || asked === null || target === undefined) {
      request.resume();
      response.writeHead(given === wanted ? 502 : 407).end('<html>the proxy</html>');
      return;
    }
    passed.push(`${request.method} ${asked.origin}${asked.pathname}`);
    const { hostname, port } = target;
    const path = `${asked.pathname}${asked.search}`;
    const upstream = requestHttp({ hostname, port, method: request.method, path, headers });
    upstream.on('error', () => response.destroy());
    upstream.once('response', (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      pipeline(reply, response).catch(() => response.destroy());
    });
    pipeline(request, upstream).catch(() => upstream.destroy());
  });
  server.on('connect', (request, client: Socket) => {
    const target = options.targets[request.url ?? ''];
    if (request.headers['proxy-authorization'] !== wanted || target === undefined) {
      client.end(
        `HTTP/1.1 ${target === undefined ? '502 Bad Gateway' : '407 Proxy Authentication Required'}\r\n\r\n`,
      );
      return;
    }
    passed.push(`CONNECT ${request.url}`);
    const upstream = connect(Number(target.port), target.hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    });
    pipeline(client, upstream, client).catch(() => undefined);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port, // a TCP server's address is never a string
    passed,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
