import { once } from 'node:events';
import { createServer, type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** What happens to the response to one request; positions are bytes of its body. */
export interface ResponseFault {
  /** Responds with this status instead of asking the store. */
  status?: number;
  /** Resets the connection there. */
  resetAt?: number;
  /** Sends nothing more and closes nothing from there on. */
  stallAt?: number;
  /** Sends a kilobyte twice there, so that more comes than was announced. */
  repeatAt?: number;
  /** Leaves a kilobyte out there and closes at the end, so that less comes than was announced. */
  dropAt?: number;
  /** Sends other bytes of the same number, of an object with another ETag. */
  otherBytes?: boolean;
  /** Leaves `Range` out of the request, so that the whole object comes. */
  ignoreRange?: boolean;
}

export interface StoreProxy {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Requests so far. */
  readonly requests: number;
  /** While set, every connection is reset at once. */
  away: boolean;
  /** Decides about GET requests to come; they are counted from 0. All others are passed on. */
  setFaults(faultOf: (index: number) => ResponseFault | undefined): void;
  close(): Promise<void>;
}

const TAMPERED_BYTES = 1024;

/** An HTTP proxy in front of an object store that damages responses in the ways of networks, proxies and stores. */
export async function startStoreProxy(targetUrl: string): Promise<StoreProxy> {
  const target = new URL(targetUrl);
  let faultOf: (index: number) => ResponseFault | undefined = () => undefined;
  let requests = 0;
  let away = false;
  const server = createServer((request, response) => {
    const fault = (request.method === 'GET' && faultOf(requests++)) || {};
    if (away) request.socket.resetAndDestroy();
    else if (fault.status !== undefined) response.writeHead(fault.status, { 'Content-Length': 0 }).end();
    else forward(target, request, response, fault);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  return {
    url: `http://127.0.0.1:${port}`,
    get requests() {
      return requests;
    },
    get away() {
      return away;
    },
    set away(next) {
      away = next;
      if (away) server.closeAllConnections();
    },
    setFaults: (next) => {
      faultOf = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(
  target: URL,
  request: IncomingMessage,
  response: ServerResponse,
  fault: ResponseFault,
): void {
  const { range, ...others } = request.headers;
  const headers = fault.ignoreRange || range === undefined ? others : { ...others, range };
  const { hostname, port } = target;
  const upstream = requestHttp({ hostname, port, method: request.method, path: request.url, headers });
  response.on('close', () => upstream.destroy());
  upstream.on('error', () => response.destroy());
  upstream.once('response', (reply) => {
    const etag = fault.otherBytes ? { etag: '"of-another-object"' } : {};
    response.writeHead(reply.statusCode ?? 502, { ...reply.headers, ...etag });
    void passOn(reply, response, fault).catch(() => response.destroy());
  });
  pipeline(request, upstream).catch(() => upstream.destroy());
}

async function passOn(from: IncomingMessage, to: ServerResponse, fault: ResponseFault): Promise<void> {
  const { resetAt, stallAt, repeatAt, dropAt, otherBytes } = fault;
  const cut = resetAt ?? stallAt ?? repeatAt ?? dropAt;
  let position = 0;
  // a stream without an encoding yields buffers
  for await (const chunk of from as AsyncIterable<Buffer>) {
    const at = cut === undefined || cut < position ? chunk.length : cut - position;
    position += chunk.length;
    if (at >= chunk.length) {
      await write(to, otherBytes ? chunk.map((byte) => byte ^ 0x55) : chunk);
      continue;
    }
    await write(to, chunk.subarray(0, at));
    if (resetAt !== undefined) to.socket?.resetAndDestroy();
    if (resetAt !== undefined || stallAt !== undefined) return;
    if (repeatAt !== undefined) await write(to, chunk.subarray(Math.max(0, at - TAMPERED_BYTES)));
    else await write(to, chunk.subarray(at + TAMPERED_BYTES));
  }
  if (dropAt !== undefined && dropAt < position) to.socket?.destroySoon();
  else to.end();
}

function write(to: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
