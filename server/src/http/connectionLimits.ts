import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import { refuse } from './clientErrors.ts';
import { networkOf } from './clientNetwork.ts';

export interface ConnectionLimits {
  /** Of everybody together; 0: any number. */
  maxConnections: number;
  /** Of one address, this machine's own excepted; 0: any number. An IPv6 address stands for its /64. */
  maxPerAddress: number;
}

/**
 * So many connections beyond the limits are open at a time, only to be told that there are too many; what comes beyond
 * them is cut off at once, so that nobody's refused connections are in the way of anybody else's.
 */
const MAX_REFUSED = 100;
const MAX_REFUSED_PER_ADDRESS = 5;
/** Whatever they send meanwhile. */
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
  readonly #served = new Tally();
  readonly #refusals = new Tally();
  readonly #refused = new WeakMap<Socket, Reason>();

  constructor(server: Server, limits: ConnectionLimits) {
    this.#limits = limits;
    server.on('connection', (socket) => this.#admit(socket));
  }

  /** Responds to a request that came over a refused connection and returns true; returns false for any other. */
  refuse(socket: Socket, response: ServerResponse): boolean {
    const reason = this.#refused.get(socket);
    if (reason === undefined) return false;
    refuse(response, { code: reason, message: MESSAGES[reason], retryAfterSeconds: RETRY_AFTER_SECONDS });
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
    const refusals = this.#refusals;
    if (refusals.total >= MAX_REFUSED || refusals.of(network) >= MAX_REFUSED_PER_ADDRESS) {
      socket.destroy();
      return;
    }
    refusals.add(network, socket);
    this.#refused.set(socket, reason);
    const deadline = setTimeout(() => socket.destroy(), REFUSED_MS);
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
