import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** What happens to one connection; without any of these it is passed on faithfully. */
export interface ConnectionFault {
  /** Resets both sides once so many bytes came from the client. */
  cutAfterBytes?: number;
  /** Passes on nothing more, and closes nothing, once so many bytes came from the client. */
  freezeAfterBytes?: number;
  /** Ends the response once so many bytes of it were passed on. */
  truncateResponseAfterBytes?: number;
  /** Holds back every chunk in both directions for so long. */
  delayMs?: number;
}

export interface FlakyProxy {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Bytes that reached the target, over all connections. */
  readonly bytesToTarget: number;
  readonly connections: number;
  /** Decides about connections to come; they are counted from 0. */
  setFaults(faultOf: (index: number) => ConnectionFault | undefined): void;
  /** Resets every open connection. */
  cutAll(): void;
  close(): Promise<void>;
}

/** A TCP proxy in front of `targetUrl` that counts what passes, and cuts, delays, freezes and truncates. */
export async function startFlakyProxy(targetUrl: string): Promise<FlakyProxy> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  let faultOf: (index: number) => ConnectionFault | undefined = () => undefined;
  let connections = 0;
  let bytesToTarget = 0;

  const server = createServer((client) => {
    const fault = faultOf(connections++) ?? {};
    const upstream = connect(Number(target.port), target.hostname);
    const reset = (): void => {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    };
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroySoon();
      });
    }
    void relayRequest(client, upstream, fault, (bytes) => (bytesToTarget += bytes)).then((end) => {
      if (end === 'cut') reset();
    });
    void relayResponse(upstream, client, fault).then((end) => {
      if (end === 'cut') client.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no TCP port');

  const cutAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    get bytesToTarget() {
      return bytesToTarget;
    },
    get connections() {
      return connections;
    },
    setFaults: (next) => {
      faultOf = next;
    },
    cutAll,
    async close() {
      const closed = once(server, 'close');
      server.close();
      cutAll();
      await closed;
    },
  };
}

type RelayEnd = 'ended' | 'cut';

async function relayRequest(
  from: Socket,
  to: Socket,
  fault: ConnectionFault,
  count: (bytes: number) => void,
): Promise<RelayEnd> {
  const limit = Math.min(fault.cutAfterBytes ?? Infinity, fault.freezeAfterBytes ?? Infinity);
  const end = await relay(from, to, { limit, delayMs: fault.delayMs, count });
  return fault.cutAfterBytes === undefined ? 'ended' : end;
}

function relayResponse(from: Socket, to: Socket, fault: ConnectionFault): Promise<RelayEnd> {
  const limit = fault.truncateResponseAfterBytes ?? Infinity;
  return relay(from, to, { limit, delayMs: fault.delayMs, count: () => undefined });
}

/** Passes bytes on, at most `limit` of them; resolves when nothing more will be. */
function relay(
  from: Socket,
  to: Socket,
  options: { limit: number; delayMs: number | undefined; count: (bytes: number) => void },
): Promise<RelayEnd> {
  let passed = 0;
  return new Promise((resolve) => {
    const pass = (chunk: Buffer): void => {
      const slice = chunk.subarray(0, options.limit - passed);
      passed += slice.length;
      to.write(slice, () => {
        options.count(slice.length);
        if (passed < options.limit) from.resume();
        else resolve('cut');
      });
    };
    from.on('data', (chunk: Buffer) => {
      from.pause();
      if (options.delayMs === undefined) pass(chunk);
      else setTimeout(pass, options.delayMs, chunk);
    });
    from.once('end', () => to.end());
    from.once('close', () => resolve('ended'));
  });
}
