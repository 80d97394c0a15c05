/** The part of Electron's powerSaveBlocker that this needs. */
export interface SleepSwitch {
  start(type: 'prevent-app-suspension'): number;
  stop(id: number): unknown;
}

/** Keeps the machine awake while something is being uploaded; the screen may turn off. */
export class SleepBlocker {
  readonly #switch: SleepSwitch;
  #id: number | null = null;

  constructor(sleepSwitch: SleepSwitch) {
    this.#switch = sleepSwitch;
  }

  update(uploading: boolean): void {
    if (uploading && this.#id === null) this.#id = this.#switch.start('prevent-app-suspension');
    if (uploading || this.#id === null) return;
    this.#switch.stop(this.#id);
    this.#id = null;
  }
}
