import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseRange } from '@reelmill/shared/drivers/disk/byteRange.ts';

/** What a store does with one request instead of what it should. */
export interface StoreTrouble {
  /** Responds with this status and nothing else. */
  status?: number;
  /** Resets the connection once so many bytes of the body went out. */
  resetAfter?: number;
  /** Sends nothing more, and closes nothing, once so many bytes of the body went out. */
  freezeAfter?: number;
  /** Ends the body as if it were whole once so many bytes went out; without a Content-Length. */
  endAfter?: number;
  /** Serves only so many bytes of the range, with headers that match, as HTTP allows. */
  atMost?: number;
  /** Serves this object instead. */
  content?: Buffer;
  etag?: string;
  /** Responds with the whole object to a request for a range. */
  ignoresRange?: boolean;
  /** Announces a longer range than it sends. */
  announcesMore?: boolean;
  /** Begins so many bytes further on, or earlier. */
  shiftBy?: number;
  /** Sends a kilobyte of the body twice, behind so many bytes: more than it announces. */
  repeatAt?: number;
  /** Leaves out a kilobyte of the body, behind so many bytes: less than it announces. */
  dropAt?: number;
  /** Sends a byte now and then, so that it is never silent for long. */
  trickles?: boolean;
  /** Sends no validators of the content. */
  withoutEtag?: boolean;
  /** Takes no notice of preconditions. */
  ignoresPreconditions?: boolean;
}

export interface FaultyStore {
  /** Signs a URL for the only object; each one is different. */
  signGet(): Promise<string>;
  requests: { range: string | undefined; url: string; ifMatch: string | undefined }[];
  readonly openConnections: number;
  setTroubles(troubleOf: (index: number) => StoreTrouble | undefined): void;
  /** Only URLs that are signed from now on are good. */
  expireUrls(): void;
  close(): Promise<void>;
}

/** An HTTP server with one object and the misbehaviour of object stores, proxies and networks. */
export async function startFaultyStore(content: Buffer, etag: string): Promise<FaultyStore> {
  let troubleOf: (index: number) => StoreTrouble | undefined = () => undefined;
  let signed = 0;
  let oldest = 1;
  let openConnections = 0;
  const requests: FaultyStore['requests'] = [];
  const server = createServer((request, response) => {
    const trouble = troubleOf(requests.length) ?? {};
    const { range, 'if-match': ifMatch } = request.headers;
    requests.push({ range, url: request.url ?? '', ifMatch });
    if (Number(/signature=(\d+)/.exec(request.url ?? '')?.[1]) < oldest) response.writeHead(403).end();
    else respond(request, response, { content, etag, ...trouble });
  });
  server.on('connection', (socket) => {
    openConnections += 1;
    socket.once('close', () => {
      openConnections -= 1;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  return {
    requests,
    get openConnections() {
      return openConnections;
    },
    signGet: async () => `http://127.0.0.1:${port}/source?signature=${++signed}`,
    setTroubles: (next) => {
      troubleOf = next;
    },
    expireUrls: () => {
      oldest = signed + 1;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function respond(
  request: IncomingMessage,
  response: ServerResponse,
  object: StoreTrouble & { content: Buffer; etag: string },
): void {
  const { content, etag, status, ignoresPreconditions, shiftBy = 0 } = object;
  if (status !== undefined) return void response.writeHead(status).end();
  const wanted = request.headers['if-match'];
  if (!ignoresPreconditions && wanted !== undefined && wanted !== `"${etag}"`) {
    return void response.writeHead(412).end();
  }
  const range = parseRange(request.headers.range, content.length);
  if (range === 'unsatisfiable') return void response.writeHead(416).end();
  if (range === 'whole' || object.ignoresRange) {
    return void response.writeHead(200, { 'Content-Length': content.length }).end(content);
  }
  const first = Math.max(0, Math.min(range.first + shiftBy, content.length - 1));
  const last = Math.min(range.last, first + (object.atMost ?? Number.POSITIVE_INFINITY) - 1);
  const body = content.subarray(first, last + 1);
  if (!object.withoutEtag) response.setHeader('ETag', `"${etag}"`);
  response.setHeader('Content-Range', `bytes ${first}-${last}/${content.length}`);
  if (object.endAfter === undefined) {
    response.setHeader('Content-Length', body.length + (object.announcesMore ? 10 : 0));
  }
  response.statusCode = 206;
  sendBody(response, tamper(body, object), object);
}

function trickle(response: ServerResponse, body: Buffer): void {
  let sent = 0;
  const timer = setInterval(() => response.write(body.subarray(sent, ++sent)), 20);
  response.once('close', () => clearInterval(timer));
}

function tamper(body: Buffer, { repeatAt, dropAt }: StoreTrouble): Buffer {
  const at = repeatAt ?? dropAt;
  if (at === undefined || at >= body.length) return body;
  const [from, to] = repeatAt === undefined ? [at, at + 1024] : [at + 1024, at];
  return Buffer.concat([body.subarray(0, from), body.subarray(to)]);
}

function sendBody(response: ServerResponse, body: Buffer, trouble: StoreTrouble): void {
  const { resetAfter, freezeAfter, endAfter, announcesMore, dropAt } = trouble;
  if (trouble.trickles) return void trickle(response, body);
  const cut = resetAfter ?? freezeAfter ?? endAfter;
  if (cut === undefined && !announcesMore && dropAt === undefined) return void response.end(body);
  response.write(body.subarray(0, cut ?? body.length), () => {
    if (resetAfter !== undefined) response.socket?.resetAndDestroy();
    if (endAfter !== undefined) response.end();
    if (announcesMore || dropAt !== undefined) response.socket?.end();
  });
}
