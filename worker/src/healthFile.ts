import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const healthSchema = z.object({ at: z.coerce.date(), connected: z.boolean(), state: z.string() });
export type WorkerHealth = z.infer<typeof healthSchema>;

/** A worker that has not written for so long is not alive, or not well enough to be called so. */
const FRESH_MS = 20_000;

const fileIn = (workDir: string) => path.join(workDir, 'health.json');

/** Writes down how the worker of this folder is. */
export async function writeHealth(workDir: string, health: WorkerHealth): Promise<void> {
  const draft = `${fileIn(workDir)}.${process.pid}`;
  try {
    await writeFile(draft, JSON.stringify(health));
    await rename(draft, fileIn(workDir));
  } catch (error) {
    // of a disk that is full, what could be written of it would stay
    await rm(draft, { force: true });
    throw error;
  }
}

/** Whether the worker of this folder is alive and connected to the broker. */
export async function isHealthy(workDir: string, now: Date): Promise<boolean> {
  const text = await readFile(fileIn(workDir), 'utf8').catch(() => null);
  if (text === null) return false;
  const health = healthSchema.parse(JSON.parse(text));
  return health.connected && now.getTime() - health.at.getTime() < FRESH_MS;
}
