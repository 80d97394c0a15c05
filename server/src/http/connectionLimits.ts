import { randomUUID } from 'node:crypto';
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ERROR_CODES, type ErrorCode, type ErrorResponse } from '@reelmill/shared/contracts/errors.ts';
import { networkOf } from '../auth/loginLimits.ts';

export interface ConnectionLimits {
  /** Of everybody together; 0: any number. */
  maxConnections: number;
  /** Of one address, this machine's own excepted; 0: any number. An IPv6 address stands for its /64. */
  maxPerAddress: number;
}

/** So many connections more are taken, only to be told that there are too many; what comes beyond them is cut off. */
const REFUSED_CONNECTIONS = 100;
const REFUSED_MS = 5_000;
/** This machine's own programs, such as its worker, are served when strangers have taken every connection. */
const RESERVED_CONNECTIONS = 50;
const RETRY_AFTER_SECONDS = 5;

type Reason = Extract<ErrorCode, 'rate_limited' | 'unavailable'>;

const MESSAGES: Record<Reason, string> = {
  rate_limited: 'There are too many connections from this address.',
  unavailable: 'The server has as many connections as it takes; please try again shortly.',
};

/** Counts the connections of a server and decides which are refused. */
export class ConnectionGuard {
  readonly #limits: ConnectionLimits;
  readonly #perAddress = new Map<string, number>();
  readonly #refused = new WeakMap<Socket, Reason>();
  #total = 0;

  constructor(server: Server, limits: ConnectionLimits) {
    this.#limits = limits;
    if (limits.maxConnections > 0)
      server.maxConnections = limits.maxConnections + RESERVED_CONNECTIONS + REFUSED_CONNECTIONS;
    server.on('connection', (socket) => this.#admit(socket));
  }

  /** Responds to a request that came over a refused connection and returns true; returns false for any other. */
  refuse(socket: Socket, response: ServerResponse): boolean {
    const reason = this.#refused.get(socket);
    if (reason === undefined) return false;
    const body: ErrorResponse = {
      error: { code: reason, message: MESSAGES[reason], request_id: randomUUID() },
    };
    response
      .writeHead(ERROR_CODES[reason].status, {
        'Content-Type': 'application/json; charset=utf-8',
        'Retry-After': RETRY_AFTER_SECONDS,
        Connection: 'close',
      })
      .end(JSON.stringify(body));
    return true;
  }

  #admit(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const key = networkOf(address);
    const reason = this.#findReason(address, key);
    if (reason !== null) {
      this.#refused.set(socket, reason);
      socket.setTimeout(REFUSED_MS, () => socket.destroy());
      return;
    }
    this.#total++;
    this.#perAddress.set(key, (this.#perAddress.get(key) ?? 0) + 1);
    socket.once('close', () => this.#forget(key));
  }

  #findReason(address: string, key: string): Reason | null {
    const { maxConnections, maxPerAddress } = this.#limits;
    const own = isLoopback(address);
    if (!own && maxPerAddress > 0 && (this.#perAddress.get(key) ?? 0) >= maxPerAddress) return 'rate_limited';
    const reserved = own ? RESERVED_CONNECTIONS : 0;
    return maxConnections > 0 && this.#total >= maxConnections + reserved ? 'unavailable' : null;
  }

  #forget(key: string): void {
    this.#total--;
    const left = (this.#perAddress.get(key) ?? 0) - 1;
    if (left > 0) this.#perAddress.set(key, left);
    else this.#perAddress.delete(key);
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
