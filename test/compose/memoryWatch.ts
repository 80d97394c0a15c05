import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { ComposeFarm } from './composeFarm.ts';

const EVERY_MS = 1_000;

const statsSchema = z.object({ Name: z.string(), MemUsage: z.string() });
const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** The most memory that any container of a service was seen with. */
export class MemoryWatch {
  readonly #farm: ComposeFarm;
  readonly #most = new Map<string, number>();
  #watching = true;
  #loop: Promise<void> = Promise.resolve();
  #samples = 0;

  private constructor(farm: ComposeFarm) {
    this.#farm = farm;
  }

  static async once(farm: ComposeFarm): Promise<MemoryWatch> {
    const watch = new MemoryWatch(farm);
    await watch.#look();
    return watch;
  }

  /** Looks again and again, until it is stopped. */
  static start(farm: ComposeFarm): MemoryWatch {
    const watch = new MemoryWatch(farm);
    watch.#loop = watch.#lookOften();
    return watch;
  }

  get samples(): number {
    return this.#samples;
  }

  /** In bytes; 0 where no container of the service was seen. */
  most(service: string): number {
    return this.#most.get(service) ?? 0;
  }

  async stop(): Promise<this> {
    this.#watching = false;
    await this.#loop;
    return this;
  }

  async #lookOften(): Promise<void> {
    while (this.#watching) {
      // a container may go while it is looked at
      await this.#look().catch(() => undefined);
      await pause(EVERY_MS);
    }
  }

  async #look(): Promise<void> {
    const { stdout } = await this.#farm.docker.run(['stats', '--no-stream', '--format', '{{json .}}']);
    for (const line of stdout.split('\n').filter((text) => text !== '')) {
      const { Name, MemUsage } = statsSchema.parse(JSON.parse(line));
      // `reelmill-test-1a2b3c-worker-1`
      const service = Name.slice(this.#farm.project.length + 1).replace(/-\d+$/, '');
      this.#most.set(service, Math.max(this.most(service), toBytes(MemUsage)));
    }
    this.#samples += 1;
  }
}

/** `12.5MiB / 1GiB` */
function toBytes(usage: string): number {
  const [, amount, unit] = usage.match(/^([\d.]+)(\w+)/) ?? [];
  const factor = UNITS[unit ?? ''];
  if (amount === undefined || factor === undefined)
    throw new Error(`docker stats says something else: ${usage}`);
  return Number(amount) * factor;
}
