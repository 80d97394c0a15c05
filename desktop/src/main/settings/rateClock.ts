import { rateAt } from './rateSchedule.ts';
import type { SettingsStore } from './settingsStore.ts';

/** The clock is read at least this often: timers do not notice a changed clock or a sleep of the machine. */
const MAX_WAIT_MS = 60_000;

/** Applies the rate limit of the settings and their schedule at the present time. */
export class RateClock {
  readonly #settings: SettingsStore;
  readonly #apply: (bytesPerSecond: number | null) => void;
  readonly #now: () => Date;
  readonly #unsubscribe: () => void;
  #timer: NodeJS.Timeout | null = null;
  #applied: number | null | undefined;

  /** Calls `apply` at once, and again whenever another limit is in force. */
  constructor(
    settings: SettingsStore,
    apply: (bytesPerSecond: number | null) => void,
    now: () => Date = () => new Date(),
  ) {
    this.#settings = settings;
    this.#apply = apply;
    this.#now = now;
    this.#unsubscribe = settings.subscribe(() => this.refresh());
    this.refresh();
  }

  /** The limit in force, in bytes per second; null is none. */
  get bytesPerSecond(): number | null {
    return this.#applied ?? null;
  }

  /** Reads the clock now, as after a sleep of the machine. */
  refresh(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const now = this.#now();
    const { bytesPerSecond, until } = rateAt(this.#settings.current, now);
    if (until !== null) {
      const waitMs = Math.min(MAX_WAIT_MS, Math.max(1, until.getTime() - now.getTime()));
      this.#timer = setTimeout(() => this.refresh(), waitMs).unref();
    }
    if (bytesPerSecond === this.#applied) return;
    this.#applied = bytesPerSecond;
    this.#apply(bytesPerSecond);
  }

  close(): void {
    this.#unsubscribe();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
