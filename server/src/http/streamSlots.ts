import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

const RETRY_AFTER_SECONDS = 15;

type StreamConfig = Pick<
  ServerConfig,
  'EVENT_STREAMS' | 'EVENT_STREAMS_PER_ADDRESS' | 'EVENT_STREAMS_PER_USER'
>;

/**
 * Limits concurrent responses that do not end by themselves: of one user, of one address, and in all. Each server counts
 * its own, since they use its memory.
 */
export class StreamSlots {
  readonly #config: StreamConfig;
  readonly #open = new Map<string, number>();

  constructor(config: StreamConfig) {
    this.#config = config;
  }

  /** Takes a slot and returns a function that releases it. Throws `too_many_streams`. */
  claim({ userId, network }: { userId: number | null; network: string }): () => void {
    const { EVENT_STREAMS, EVENT_STREAMS_PER_ADDRESS, EVENT_STREAMS_PER_USER } = this.#config;
    const claims: [string, number][] = [
      ['all', EVENT_STREAMS],
      [`address ${network}`, EVENT_STREAMS_PER_ADDRESS],
      ...(userId === null ? [] : [[`user ${userId}`, EVENT_STREAMS_PER_USER] satisfies [string, number]]),
    ];
    if (claims.some(([name, max]) => max > 0 && this.#count(name) >= max)) {
      throw new ReelmillError(
        'too_many_streams',
        'Too many event streams are open. Poll the video instead.',
        {
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        },
      );
    }
    for (const [name] of claims) this.#open.set(name, this.#count(name) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      for (const [name] of claims) this.#release(name);
    };
  }

  #count(name: string): number {
    return this.#open.get(name) ?? 0;
  }

  #release(name: string): void {
    const left = this.#count(name) - 1;
    if (left > 0) this.#open.set(name, left);
    else this.#open.delete(name);
  }
}
