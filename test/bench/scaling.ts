import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Distributed, openDistributed } from '../support/distributed.ts';
import type { RunningProcess } from '../support/processes.ts';
import { transcodeBare } from './bareFfmpeg.ts';
import { FarmClient } from './farmClient.ts';
import { type BenchReport, median, ratioAgainst, secondsOf } from './figures.ts';
import { type Film, shortFilm } from './films.ts';
import type { BenchOptions } from './options.ts';

const TARGET = { atLeast: 1.8 };
const CORES = [0, 1];
/** Long enough to see what two cores are worth on this machine. */
const CEILING_SECONDS = 20;

/**
 * The same film with one worker and with two, each on one core of its own, in the distributed profile, in turns.
 * Database, broker, store and server share the cores with them.
 */
export async function benchScaling(options: BenchOptions): Promise<BenchReport> {
  const film = await shortFilm(options.seconds);
  const farm = await openDistributed({
    env: { CHUNK_SECONDS: '30', LEASE_SECONDS: '30' },
  });
  const one: number[] = [];
  const two: number[] = [];
  const ceilings: number[] = [];
  try {
    const server = await farm.startServer();
    const client = await FarmClient.signUp(server.url);
    for (let run = 0; run < options.runs; run += 1) {
      one.push(await transcodeWith(farm, client, film, CORES.slice(0, 1)));
      two.push(await transcodeWith(farm, client, film, CORES));
      ceilings.push(await measureCeiling());
      options.onRun(
        `${run + 1} of ${options.runs}: ${one.at(-1)?.toFixed(1)} s, ${two.at(-1)?.toFixed(1)} s`,
      );
    }
  } finally {
    await farm.dispose();
  }
  return report(film, one, two, ceilings);
}

async function transcodeWith(
  farm: Distributed,
  client: FarmClient,
  film: Film,
  cores: readonly number[],
): Promise<number> {
  const workers = await Promise.all(cores.map((core) => startPinned(farm, core)));
  try {
    const video = await client.upload(film.file);
    const begun = performance.now();
    await video.complete();
    await video.waitFor('online', ({ status }) => status === 'online');
    const seconds = (performance.now() - begun) / 1000;
    await video.remove();
    return seconds;
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

async function startPinned(farm: Distributed, core: number): Promise<RunningProcess> {
  const worker = await farm.startWorker(`core-${core}`, { WORKER_THREADS: '1' });
  // what it starts later inherits the core
  await promisify(execFile)('taskset', ['--all-tasks', '-cp', String(core), String(worker.pid)]);
  return worker;
}

/** How much more two cores do than one, when two ffmpegs that know nothing of each other run on them. */
async function measureCeiling(): Promise<number> {
  const film = await shortFilm(CEILING_SECONDS);
  const alone = await transcodeBare(film, { threads: 1, core: 0 });
  const together = await Promise.all(CORES.map((core) => transcodeBare(film, { threads: 1, core })));
  return (2 * alone.seconds) / Math.max(...together.map(({ seconds }) => seconds));
}

function report(
  film: Film,
  one: readonly number[],
  two: readonly number[],
  ceilings: readonly number[],
): BenchReport {
  const pairs = one.map((seconds, index) => seconds / (two[index] ?? Number.NaN));
  return {
    title: `scaling: ${film.seconds} s of 1080p30 with workers of one core each, from complete to online`,
    columns: ['', 'median (runs)'],
    rows: [
      ['one worker', secondsOf(one)],
      ['two workers', secondsOf(two)],
    ],
    remarks: [
      `ratio of the medians: ${ratioAgainst(median(one) / median(two), TARGET)}`,
      `median of the ratios of each turn: ${median(pairs).toFixed(3)} (${pairs.map((ratio) => ratio.toFixed(3)).join(' ')})`,
      `two bare ffmpegs on two cores against one on one: ${median(ceilings).toFixed(2)} times as much`,
    ],
  };
}
