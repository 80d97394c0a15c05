import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import { reject } from './clientErrors.ts';
import { networkOf } from './clientNetwork.ts';

export interface ConnectionLimits {
  /** Of all clients together; 0: no limit. */
  maxConnections: number;
  /** Of one address, except those of this machine; 0: no limit. An IPv6 address counts as its /64. */
  maxPerAddress: number;
}

/**
 * How many connections beyond the limits may be open to receive an error response; further ones are closed at once, so that
 * the rejected connections of one client do not affect others.
 */
const MAX_REJECTED = 100;
const MAX_REJECTED_PER_ADDRESS = 5;
/** How long a rejected connection stays open, whatever it sends. */
const REJECTED_MS = 5_000;
/** For programs of this machine, such as its worker, when all other connections are in use. */
const RESERVED_CONNECTIONS = 50;
const RETRY_AFTER_SECONDS = 5;

type Reason = Extract<ErrorCode, 'rate_limited' | 'unavailable'>;

const MESSAGES: Record<Reason, string> = {
  rate_limited: 'Too many connections from this address.',
  unavailable: 'The server has too many connections. Try again shortly.',
};

/** Counts the connections of a server and rejects those beyond the limits. */
export class ConnectionGuard {
  readonly #limits: ConnectionLimits;
  readonly #served = new Tally();
  readonly #rejections = new Tally();
  readonly #rejected = new WeakMap<Socket, Reason>();

  constructor(server: Server, limits: ConnectionLimits) {
    this.#limits = limits;
    server.on('connection', (socket) => this.#admit(socket));
  }

  /** Responds to a request over a rejected connection and returns true; returns false for any other. */
  reject(socket: Socket, response: ServerResponse): boolean {
    const reason = this.#rejected.get(socket);
    if (reason === undefined) return false;
    reject(response, { code: reason, message: MESSAGES[reason], retryAfterSeconds: RETRY_AFTER_SECONDS });
    return true;
  }

  #admit(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const network = networkOf(address);
    const reason = this.#findReason(address, network);
    if (reason === null) {
      this.#served.add(network, socket);
      return;
    }
    const rejections = this.#rejections;
    if (rejections.total >= MAX_REJECTED || rejections.of(network) >= MAX_REJECTED_PER_ADDRESS) {
      socket.destroy();
      return;
    }
    rejections.add(network, socket);
    this.#rejected.set(socket, reason);
    const deadline = setTimeout(() => socket.destroy(), REJECTED_MS);
    socket.once('close', () => clearTimeout(deadline));
  }

  #findReason(address: string, network: string): Reason | null {
    const { maxConnections, maxPerAddress } = this.#limits;
    const own = isLoopback(address);
    if (!own && maxPerAddress > 0 && this.#served.of(network) >= maxPerAddress) return 'rate_limited';
    const reserved = own ? RESERVED_CONNECTIONS : 0;
    return maxConnections > 0 && this.#served.total >= maxConnections + reserved ? 'unavailable' : null;
  }
}

/** Open connections, in all and by network. */
class Tally {
  readonly #byNetwork = new Map<string, number>();
  total = 0;

  of(network: string): number {
    return this.#byNetwork.get(network) ?? 0;
  }

  add(network: string, socket: Socket): void {
    this.#count(network, 1);
    socket.once('close', () => this.#count(network, -1));
  }

  #count(network: string, change: 1 | -1): void {
    this.total += change;
    const now = this.of(network) + change;
    if (now > 0) this.#byNetwork.set(network, now);
    else this.#byNetwork.delete(network);
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
