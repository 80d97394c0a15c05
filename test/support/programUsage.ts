import { readdir, readFile } from 'node:fs/promises';

export interface ProgramUsage {
  /** The most memory that this process's programs held at one moment, or that one of them ever held. */
  peakBytes: number;
  /** Processor time of the programs that have ended. */
  cpuSeconds: number;
}

const SAMPLE_MS = 20;
/** Linux counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** Runs `work` and measures the programs that this process runs meanwhile, with their own children. */
export async function measurePrograms(work: () => Promise<void>): Promise<ProgramUsage> {
  let peakBytes = 0;
  let sampling = Promise.resolve();
  const timer = setInterval(() => {
    sampling = sampling.then(async () => {
      peakBytes = Math.max(peakBytes, await memoryNow());
    });
  }, SAMPLE_MS);
  const before = await childTicks();
  try {
    await work();
  } finally {
    clearInterval(timer);
    await sampling;
  }
  return { peakBytes, cpuSeconds: ((await childTicks()) - before) / TICKS_PER_SECOND };
}

async function memoryNow(): Promise<number> {
  const held = await Promise.all((await descendants()).map(memoryOf));
  const sum = held.reduce((total, { now }) => total + now, 0);
  return Math.max(sum, ...held.map(({ highest }) => highest));
}

async function memoryOf(pid: number): Promise<{ now: number; highest: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return { now: bytes('VmRSS'), highest: bytes('VmHWM') };
}

async function descendants(): Promise<number[]> {
  const found = [process.pid];
  for (const pid of found) found.push(...(await childrenOf(pid)));
  return found.slice(1);
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.join(' ').split(' ').filter(Boolean).map(Number);
}

/** `cutime` and `cstime` of `/proc/self/stat`. */
async function childTicks(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[13]) + Number(fields[14]);
}
