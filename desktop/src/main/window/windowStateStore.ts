import { readFile } from 'node:fs/promises';
import type { BrowserWindow } from 'electron';
import { writeFileAtomically } from '../../node/atomicFile.ts';
import { type Placement, placementSchema } from './placement.ts';

const SAVE_DELAY_MS = 500;

/** Returns null also where the file is invalid: the window then opens with its defaults. */
export async function readPlacement(path: string): Promise<Placement | null> {
  try {
    return placementSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

/** Saves a window's placement in a file, shortly after each change. */
export class WindowStateStore {
  readonly #window: BrowserWindow;
  readonly #path: string;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(window: BrowserWindow, path: string, onError: (error: unknown) => void) {
    this.#window = window;
    this.#path = path;
    this.#onError = onError;
    for (const event of ['resize', 'move', 'maximize', 'unmaximize'] as const) {
      // each name has a signature of its own, all alike; their union fits none of them
      window.on(event as 'resize', () => this.#saveSoon());
    }
    window.once('closed', () => clearTimeout(this.#timer));
  }

  /** Saves a change that is not saved yet. */
  async flush(): Promise<void> {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#window.isDestroyed()) return;
    const placement: Placement = { ...this.#window.getNormalBounds(), maximized: this.#window.isMaximized() };
    await writeFileAtomically(this.#path, JSON.stringify(placement)).catch(this.#onError);
  }

  #saveSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), SAVE_DELAY_MS);
  }
}
