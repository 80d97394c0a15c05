import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { refuse, rejectMalformedRequest } from './clientErrors.ts';
import { ConnectionGuard, type ConnectionLimits } from './connectionLimits.ts';
import { limitRestOfBody } from './requestBodies.ts';

/** Of the request line and all headers together; Node answers 431 beyond it. */
const MAX_HEADER_BYTES = 16 * 1024;
/**
 * From so many bytes on that nobody has read, no more are taken from a connection. The last ones may be 64 KiB more: a larger
 * value makes it two such pieces for each of thousands of connections, and a copy of both in one.
 */
const UNREAD_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const SILENCE_MS = 120_000;
const DRAIN_MS = 10_000;
const IDLE_CHECK_MS = 50;
/** Connections that the system takes before the server does; a burst beyond it would be cut off without a word. */
const BACKLOG = 2048;

/** A port that is taken; whoever connects waits until there is somebody to respond. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Hands every request from now on to `listener`. */
  serve(listener: RequestListener): void;
  /** Takes no further connection, waits for answers in progress, and cuts off what is left after 10 s. */
  close(): Promise<void>;
}

/** Takes the port first: its number is known to everything that follows, and a port in use is found out at once. */
export async function openListener(host: string, port: number, limits: ConnectionLimits): Promise<Listener> {
  const { promise: served, resolve: beginToServe } = Promise.withResolvers<void>();
  let current: RequestListener = (request, response) => void served.then(() => current(request, response));
  let closed: Promise<void> | undefined;
  const answers = new WeakMap<Duplex, ServerResponse>();
  const receive = (request: IncomingMessage, response: ServerResponse): void => {
    answers.set(request.socket, response);
    limitRestOfBody(request, response);
    if (guard.refuse(request.socket, response)) return;
    if (lacksHost(request))
      refuse(response, { code: 'validation_failed', message: 'A request needs a Host.' });
    else current(request, response);
  };
  // Node would refuse a request without a Host in words of its own
  const limited = { maxHeaderSize: MAX_HEADER_BYTES, highWaterMark: UNREAD_BYTES };
  const server = createServer({ ...limited, requireHostHeader: false }, receive);
  server.on('checkContinue', (request, response) => {
    // whether the body that the client holds back still comes after a refusal, nobody can tell
    response.setHeader('Connection', 'close');
    receive(request, response);
  });
  server.on('checkExpectation', (_request, response) =>
    refuse(response, { code: 'expectation_failed', message: 'Nothing but 100-continue can be expected.' }),
  );
  const guard = new ConnectionGuard(server, limits);
  server.on('clientError', (error, socket) => {
    const answer = answers.get(socket);
    // in the middle of an answer another one would be taken for its rest
    if (answer?.headersSent && !answer.writableFinished) socket.destroy();
    else rejectMalformedRequest(error, socket);
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  // a part of an upload may take as long as its line does, so only silence ends a request
  server.requestTimeout = 0;
  server.setTimeout(SILENCE_MS);
  server.listen({ port, host, backlog: BACKLOG });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP port');
  return {
    host,
    port: address.port,
    serve: (listener) => {
      current = listener;
      beginToServe();
    },
    close: () => {
      closed ??= closeServer(server);
      return closed;
    },
  };
}

/** HTTP/1.0 knows no `Host`. */
function lacksHost({ headers, httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  return headers.host === undefined && (httpVersionMajor > 1 || httpVersionMinor > 0);
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // a connection whose answer has just ended would otherwise be kept for its client's next request
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(deadline);
}
