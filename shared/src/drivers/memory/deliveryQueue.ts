import { setTimeout as pause } from 'node:timers/promises';
import type { Consumer, Disposition } from '../../ports/jobQueue.ts';
import type { Logger } from '../../runtime/logger.ts';

/** A consumer that requeued a message waits this long, so that a refused message does not keep a CPU busy. */
const PAUSE_AFTER_REQUEUE_MS = 100;
const PAUSE_AFTER_THROW_MS = 1_000;

export interface Delivery {
  readonly text: string;
  readonly redelivered: boolean;
}

interface ActiveConsumer {
  readonly handle: (delivery: Delivery) => Promise<Disposition>;
  readonly stopping: AbortController;
  /** Resolves when the delivery in progress has ended; null while idle. */
  busy: Promise<void> | null;
}

/**
 * Messages in order, each given to one consumer at a time and back at the head where it is requeued.
 * With `singleActiveConsumer` only the eldest consumer gets any, so that the order holds across consumers.
 */
export class DeliveryQueue {
  readonly #ready: Delivery[] = [];
  readonly #consumers: ActiveConsumer[] = [];
  readonly #singleActiveConsumer: boolean;
  readonly #logger: Logger;

  constructor(options: { singleActiveConsumer: boolean; logger: Logger }) {
    this.#singleActiveConsumer = options.singleActiveConsumer;
    this.#logger = options.logger;
  }

  get readyCount(): number {
    return this.#ready.length;
  }

  get consumerCount(): number {
    return this.#consumers.filter(({ stopping }) => !stopping.signal.aborted).length;
  }

  push(text: string): void {
    this.#ready.push({ text, redelivered: false });
    this.#dispatch();
  }

  /** A throw of the handler counts as `requeue`. */
  consume(handle: (delivery: Delivery) => Promise<Disposition>): Consumer {
    const consumer: ActiveConsumer = { handle, stopping: new AbortController(), busy: null };
    this.#consumers.push(consumer);
    this.#dispatch();
    return {
      stop: async () => {
        consumer.stopping.abort();
        await consumer.busy;
        const index = this.#consumers.indexOf(consumer);
        if (index >= 0) this.#consumers.splice(index, 1);
        this.#dispatch();
      },
    };
  }

  #dispatch(): void {
    while (this.#ready.length > 0) {
      const consumer = this.#nextConsumer();
      if (consumer === undefined) return;
      const delivery = this.#ready.shift();
      if (delivery === undefined) return;
      consumer.busy = this.#deliver(consumer, delivery).finally(() => {
        consumer.busy = null;
        this.#dispatch();
      });
    }
  }

  #nextConsumer(): ActiveConsumer | undefined {
    const candidates = this.#singleActiveConsumer ? this.#consumers.slice(0, 1) : this.#consumers;
    const consumer = candidates.find(({ busy, stopping }) => busy === null && !stopping.signal.aborted);
    if (consumer !== undefined && !this.#singleActiveConsumer) {
      this.#consumers.splice(this.#consumers.indexOf(consumer), 1);
      this.#consumers.push(consumer); // the others come first next time
    }
    return consumer;
  }

  async #deliver(consumer: ActiveConsumer, delivery: Delivery): Promise<void> {
    await nextTurn(); // a publisher never runs a handler
    let disposition: Disposition = 'requeue';
    let pauseMs = PAUSE_AFTER_REQUEUE_MS;
    try {
      disposition = await consumer.handle(delivery);
    } catch (error) {
      this.#logger.error({ err: error }, 'message handler failed');
      pauseMs = PAUSE_AFTER_THROW_MS;
    }
    if (disposition !== 'requeue') return;
    this.#ready.unshift({ text: delivery.text, redelivered: true });
    this.#dispatch();
    const { signal } = consumer.stopping;
    await pause(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
