import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { reject, rejectMalformedRequest } from './clientErrors.ts';
import { ConnectionGuard, type ConnectionLimits } from './connectionLimits.ts';
import { limitRestOfBody } from './requestBodies.ts';

/** Of the request line and all headers together; Node responds with 431 beyond it. */
const MAX_HEADER_BYTES = 16 * 1024;
/**
 * From so many bytes on that nobody has read, no more are taken from a connection. The last ones may be 64 KiB more: a larger
 * value makes it two such pieces for each of thousands of connections, and a copy of both in one.
 */
const UNREAD_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const INACTIVITY_MS = 120_000;
const DRAIN_MS = 10_000;
const IDLE_CHECK_MS = 50;
/** Connections that the kernel queues before the server accepts them; further ones would be dropped silently. */
const BACKLOG = 2048;

/** A bound port; requests wait until `serve` is called. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Passes every request from now on to `listener`. */
  serve(listener: RequestListener): void;
  /** Accepts no further connection, waits for responses in progress, and closes the rest after 10 s. */
  close(): Promise<void>;
}

/** Binds the port first: its number is known to everything that follows, and a port in use fails at once. */
export async function openListener(host: string, port: number, limits: ConnectionLimits): Promise<Listener> {
  const { promise: served, resolve: startServing } = Promise.withResolvers<void>();
  let current: RequestListener = (request, response) => void served.then(() => current(request, response));
  let closed: Promise<void> | undefined;
  const responses = new WeakMap<Duplex, ServerResponse>();
  const receive = (request: IncomingMessage, response: ServerResponse): void => {
    responses.set(request.socket, response);
    limitRestOfBody(request, response);
    if (guard.reject(request.socket, response)) return;
    if (lacksHost(request))
      reject(response, { code: 'validation_failed', message: 'The request has no Host header.' });
    else current(request, response);
  };
  // Node would reject a request without a Host with a response of its own
  const limited = { maxHeaderSize: MAX_HEADER_BYTES, highWaterMark: UNREAD_BYTES };
  const server = createServer({ ...limited, requireHostHeader: false }, receive);
  server.on('checkContinue', (request, response) => {
    // a client may or may not send the body after an error response
    response.setHeader('Connection', 'close');
    receive(request, response);
  });
  server.on('checkExpectation', (_request, response) =>
    reject(response, {
      code: 'expectation_failed',
      message: 'The only supported expectation is 100-continue.',
    }),
  );
  const guard = new ConnectionGuard(server, limits);
  server.on('clientError', (error, socket) => {
    const response = responses.get(socket);
    // a client would take a second response for the rest of an unfinished one
    if (response?.headersSent && !response.writableFinished) socket.destroy();
    else rejectMalformedRequest(error, socket);
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  // an upload may take as long as its connection needs, so only inactivity ends a request
  server.requestTimeout = 0;
  server.setTimeout(INACTIVITY_MS);
  server.listen({ port, host, backlog: BACKLOG });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP port');
  return {
    host,
    port: address.port,
    serve: (listener) => {
      current = listener;
      startServing();
    },
    close: () => {
      closed ??= closeServer(server);
      return closed;
    },
  };
}

/** HTTP/1.0 has no `Host`. */
function lacksHost({ headers, httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  return headers.host === undefined && (httpVersionMajor > 1 || httpVersionMinor > 0);
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // a connection whose response has just ended would otherwise stay open for the next request
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(deadline);
}
