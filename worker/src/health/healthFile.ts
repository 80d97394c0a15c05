import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const healthSchema = z.object({ at: z.coerce.date(), connected: z.boolean(), state: z.string() });
export type WorkerHealth = z.infer<typeof healthSchema>;

/** A worker that has not written for so long is not alive, or not well enough to be called so. */
const FRESH_MS = 20_000;
/** The file never grows, so that it can be written on a disk that has become full. */
const FILE_BYTES = 256;

const fileIn = (workDir: string) => path.join(workDir, 'health.json');

/** Writes down how the worker of this folder is, over what was there. */
export async function writeHealth(workDir: string, health: WorkerHealth): Promise<void> {
  const file = await open(fileIn(workDir), 'r+').catch(() => open(fileIn(workDir), 'w+'));
  try {
    // in one piece, so that a reader does not see a half
    await file.write(JSON.stringify(health).padEnd(FILE_BYTES), 0);
  } finally {
    await file.close();
  }
}

/** Whether the worker of this folder is alive, and with `connected` also connected to the broker. */
export async function isHealthy(
  workDir: string,
  now: Date,
  { connected }: { connected: boolean },
): Promise<boolean> {
  const text = await readFile(fileIn(workDir), 'utf8').catch(() => '');
  const health = healthSchema.safeParse(parse(text));
  if (!health.success || now.getTime() - health.data.at.getTime() >= FRESH_MS) return false;
  return health.data.connected || !connected;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
