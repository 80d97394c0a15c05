import { readFile } from 'node:fs/promises';
import type { BrowserWindow } from 'electron';
import { writeFileAtomically } from '../../node/atomicFile.ts';
import { type Placement, placementSchema } from './placement.ts';

const SETTLE_MS = 500;

/** Null also where the file holds no placement: the window then opens like the first time. */
export async function readPlacement(path: string): Promise<Placement | null> {
  try {
    return placementSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

/** Keeps a window's place in a file, shortly after it was moved and when it closes. */
export function rememberPlacement(
  window: BrowserWindow,
  path: string,
  onError: (error: unknown) => void,
): void {
  let timer: NodeJS.Timeout | undefined;
  const save = (): void => {
    clearTimeout(timer);
    const placement: Placement = { ...window.getNormalBounds(), maximized: window.isMaximized() };
    writeFileAtomically(path, JSON.stringify(placement)).catch(onError);
  };
  const saveSoon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!window.isDestroyed()) save();
    }, SETTLE_MS);
  };
  for (const event of ['resize', 'move', 'maximize', 'unmaximize'] as const) {
    // one signature for each name: the union of them fits none
    window.on(event as 'resize', saveSoon);
  }
  window.on('close', save);
}
