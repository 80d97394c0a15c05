import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** What a link does to connections; faults of one kind end when the link is set to another. */
export type LinkState =
  | { kind: 'whole' }
  /** Resets what is open and refuses what is new. */
  | { kind: 'cut' }
  /** Holds back everything in both directions for so long. */
  | { kind: 'slow'; delayMs: number }
  /** Passes on nothing and closes nothing; what was held back goes on afterwards. */
  | { kind: 'stalled' }
  /** Resets each connection once so many bytes came from the far end, in the middle of whatever they are. */
  | { kind: 'broken'; afterBytes: number };

/** A connection between two programs of the farm, through a TCP proxy in this process. */
export interface Link {
  readonly name: string;
  readonly port: number;
  set(state: LinkState): void;
  /** Resets what is open, once. */
  reset(): void;
  close(): Promise<void>;
}

const WHOLE: LinkState = { kind: 'whole' };
const CONNECT_TIMEOUT_MS = 2_000;

/** Connects to the first of `findPorts()` that accepts; several ports are used in turns, as a load balancer does. */
export async function openLink(name: string, findPorts: () => readonly number[]): Promise<Link> {
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  let state = WHOLE;
  let turn = 0;

  const track = (socket: Socket, other: () => Socket | undefined): void => {
    sockets.add(socket);
    socket.on('error', () => other()?.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      other()?.destroySoon();
    });
  };
  /** Runs when the link may pass something on. */
  const pass = (action: () => void): void => {
    if (state.kind === 'stalled') held.push(action);
    else if (state.kind === 'slow') setTimeout(action, state.delayMs);
    else action();
  };
  const relay = (from: Socket, to: Socket, countBytes: (bytes: number) => boolean): void => {
    from.on('data', (chunk: Buffer) => {
      from.pause();
      pass(() => {
        if (to.destroyed) return;
        if (!countBytes(chunk.length)) {
          // a part of it still gets through
          to.write(chunk.subarray(0, Math.floor(chunk.length / 2)), () => to.resetAndDestroy());
          from.resetAndDestroy();
          return;
        }
        to.write(chunk, () => from.resume());
      });
    });
    from.once('end', () => pass(() => to.end()));
  };

  const server = createServer(async (near) => {
    if (state.kind === 'cut') return near.resetAndDestroy();
    near.pause();
    let far: Socket | undefined;
    track(near, () => far);
    const ports = findPorts();
    for (let attempt = 0; attempt < ports.length && far === undefined; attempt += 1) {
      turn += 1;
      far = await tryConnect(ports[turn % ports.length] ?? 0);
    }
    if (far === undefined || near.destroyed) {
      far?.destroy();
      return near.resetAndDestroy();
    }
    track(far, () => near);
    let bytes = 0;
    relay(near, far, () => true);
    relay(far, near, (more) => {
      bytes += more;
      return state.kind !== 'broken' || bytes <= state.afterBytes;
    });
    near.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the link has no TCP port');
  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    name,
    port: address.port,
    reset,
    set(next) {
      state = next;
      if (next.kind === 'cut') reset();
      if (next.kind !== 'stalled') for (const action of held.splice(0)) action();
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      reset();
      await closed;
    },
  };
}

async function tryConnect(port: number): Promise<Socket | undefined> {
  const socket = connect(port, '127.0.0.1');
  const timer = setTimeout(() => socket.destroy(new Error('no connection in time')), CONNECT_TIMEOUT_MS);
  try {
    await once(socket, 'connect');
    // the target does not listen, and the socket was given that very port: it is connected to itself, and keeps the server from starting
    if (socket.localPort === port) throw new Error('connected to itself');
    return socket;
  } catch {
    socket.destroy();
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
