import { readFile } from 'node:fs/promises';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Settings, SettingsPatch } from '../../contracts/desktop.ts';
import { writeFileAtomically } from '../../node/atomicFile.ts';
import { readSettings } from './readSettings.ts';

export type SettingsListener = (settings: Settings) => void;

/** The settings of this app on this machine, in one file. */
export class SettingsStore {
  readonly #file: string;
  readonly #listeners = new Set<SettingsListener>();
  #current: Settings;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(file: string, current: Settings) {
    this.#file = file;
    this.#current = current;
  }

  /** Never fails: what cannot be read has its default. */
  static async open(file: string): Promise<SettingsStore> {
    const text = await readFile(file, 'utf8').catch(() => '');
    return new SettingsStore(file, readSettings(text));
  }

  get current(): Settings {
    return this.#current;
  }

  /**
   * Saves the fields of the patch and returns all settings. Throws `disk_full` where they cannot be written; nothing has
   * changed then.
   */
  set(patch: SettingsPatch): Promise<Settings> {
    const turn = this.#writing.then(() => this.#save(patch));
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  /** Calls the listener with all settings after each change. Returns a function that ends the subscription. */
  subscribe(listener: SettingsListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #save(patch: SettingsPatch): Promise<Settings> {
    const given = Object.entries(patch).filter(([, value]) => value !== undefined);
    const next: Settings = { ...this.#current, ...Object.fromEntries(given) };
    try {
      await writeFileAtomically(this.#file, `${JSON.stringify(next, null, 2)}\n`);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ReelmillError('disk_full', `The settings cannot be saved: ${reason}`, { cause });
    }
    this.#current = next;
    for (const listener of [...this.#listeners]) listener(next);
    return next;
  }
}
