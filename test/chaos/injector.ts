import { setTimeout as pause } from 'node:timers/promises';
import type { Fault, Injection } from './faults.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

const DRAWS = 20;

/** Draws and injects faults until it is stopped. */
export class Injector {
  /** How many were injected, by kind. */
  readonly counts: Record<string, number> = {};
  readonly #faults: readonly Fault[];
  readonly #random: Random;
  readonly #timeline: Timeline;
  readonly #held = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #heal = new AbortController();

  constructor(faults: readonly Fault[], random: Random, timeline: Timeline) {
    this.#faults = faults;
    this.#random = random;
    this.#timeline = timeline;
  }

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  /** Injects `perMinute` faults a minute, at irregular times, `max` in all. */
  async run(signal: AbortSignal, { perMinute, max }: { perMinute: number; max: number }): Promise<void> {
    const meanMs = 60_000 / perMinute;
    const begun = performance.now();
    while (!signal.aborted && this.total < max) {
      await this.#injectOne();
      // where drawing and killing took long, the next ones follow faster
      const lateMs = performance.now() - begun - this.total * meanMs;
      const waitMs = Math.max(50, meanMs * 2 * this.#random.next() - Math.max(0, lateMs));
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Ends every fault that is still there. */
  async stop(): Promise<void> {
    this.#heal.abort();
    await Promise.all(this.#underWay);
  }

  async #injectOne(): Promise<void> {
    for (let attempt = 0; attempt < DRAWS; attempt += 1) {
      const { kind, draw } = this.#random.pickWeighted(this.#faults);
      const injection = await draw(this.#random);
      if (injection === null || injection.targets.some((target) => this.#held.has(target))) continue;
      this.counts[kind] = (this.counts[kind] ?? 0) + 1;
      const ended = this.#inject(injection).finally(() => this.#underWay.delete(ended));
      this.#underWay.add(ended);
      return;
    }
  }

  async #inject({ what, targets, seconds, begin, end }: Injection): Promise<void> {
    for (const target of targets) this.#held.add(target);
    this.#timeline.add(`FAULT ${what}${seconds > 0 ? `, for ${seconds} s` : ''}`);
    try {
      await begin();
      await pause(seconds * 1000, undefined, { signal: this.#heal.signal }).catch(() => undefined);
      await end();
    } catch (error) {
      this.#timeline.add(`a fault did not work: ${what}: ${error instanceof Error ? error.message : error}`);
    } finally {
      for (const target of targets) this.#held.delete(target);
    }
  }
}
