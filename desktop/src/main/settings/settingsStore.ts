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

  /** Never fails: what cannot be read is as if it had never been set. */
  static async open(file: string): Promise<SettingsStore> {
    const text = await readFile(file, 'utf8').catch(() => '');
    return new SettingsStore(file, readSettings(text));
  }

  get current(): Settings {
    return this.#current;
  }

  /**
   * Keeps what is in the patch and answers all settings as they are then. Throws `disk_full` where they cannot be
   * written; nothing has changed then.
   */
  set(patch: SettingsPatch): Promise<Settings> {
    const turn = this.#writing.then(() => this.#keep(patch));
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  /** Called with all settings after each change. Answers the function that ends the subscription. */
  subscribe(listener: SettingsListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #keep(patch: SettingsPatch): Promise<Settings> {
    const given = Object.entries(patch).filter(([, value]) => value !== undefined);
    const next: Settings = { ...this.#current, ...Object.fromEntries(given) };
    try {
      await writeFileAtomically(this.#file, `${JSON.stringify(next, null, 2)}\n`);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ReelmillError('disk_full', `The settings cannot be written: ${reason}`, { cause });
    }
    this.#current = next;
    for (const listener of [...this.#listeners]) listener(next);
    return next;
  }
}
