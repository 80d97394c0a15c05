import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';

/** Runs `work` with a fresh folder inside `parent` that is removed with everything in it, whatever happens. */
export async function withWorkFolder<T>(parent: string, work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(path.join(parent, 'task-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
