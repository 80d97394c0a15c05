/**
 * Measures the system under compose, on a Docker engine of its own: `npm run bench:compose -- [--runs=N] [--seconds=N]
 * [--workers=1,2,4] [--cpus=0.5]`. Nothing else should run on the machine meanwhile.
 */
import { parseArgs } from 'node:util';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { FarmClient } from '../bench/farmClient.ts';
import { type BenchReport, formatReport, median, ratioAgainst, secondsOf } from '../bench/figures.ts';
import { describeLoad, describeMachine } from '../bench/machine.ts';
import { makeFilm } from '../support/films.ts';
import { makeTemporaryFolder } from '../support/processes.ts';
import { ComposeFarm } from './composeFarm.ts';
import { readContainersCpuSeconds } from './containerCpuTime.ts';
import { MemoryWatch } from './memoryWatch.ts';
import { prepareDocker } from './prepare.ts';

const TARGET = { atLeast: 0.9 };
/** Of the product; the tests take less. */
const CHUNK_SECONDS = '60';
const SERVICES = ['server', 'worker', 'mysql', 'rabbitmq', 'minio'];

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '180' },
    // the first is what the others are compared with
    workers: { type: 'string', default: '1,2,4' },
    // of each worker: four of half a core fit on a machine of two
    cpus: { type: 'string', default: '0.5' },
  },
});
const runs = Number(values.runs);
const workerCounts = values.workers.split(',').map(Number);
const seconds = Number(values.seconds);
const cleanupStack = new CleanupStack();
try {
  await prepareDocker(cleanupStack, console.error);
  const folder = await makeTemporaryFolder('film');
  cleanupStack.add('film', folder.remove);
  const film = await makeFilm(folder.path, { seconds, size: '1280x720' });
  for (const line of await describeMachine()) console.log(line);
  console.log(`\n${formatReport(await measureStart())}`);
  for (const report of await measureWork(film)) console.log(`\n${formatReport(report)}`);
} finally {
  await cleanupStack.release();
}

/** From `up` to everything healthy, with new volumes and with those of the time before. */
async function measureStart(): Promise<BenchReport> {
  const first: number[] = [];
  const again: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const farm = await ComposeFarm.open();
    try {
      first.push(await timeStart(farm));
      await farm.compose(['down']);
      again.push(await timeStart(farm));
    } finally {
      await farm.down();
    }
    console.error(
      `start ${run + 1} of ${runs}: ${first.at(-1)?.toFixed(1)} s, ${again.at(-1)?.toFixed(1)} s`,
    );
  }
  return {
    title: '`docker compose up -d` until every container is healthy, images built',
    columns: ['volumes', 'median (runs)'],
    rows: [
      ['new', secondsOf(first)],
      ['there already', secondsOf(again)],
    ],
    remarks: [describeLoad()],
  };
}

async function timeStart(farm: ComposeFarm): Promise<number> {
  const begun = performance.now();
  await farm.up([]);
  for (const service of SERVICES) await farm.waitHealthy(service, 1);
  return (performance.now() - begun) / 1000;
}

interface Turn {
  seconds: number;
  /** Of each service, of all its containers together. */
  cpuSeconds: ReadonlyMap<string, number>;
}

/** The same film with more and more workers, in turns, and what memory server and worker take meanwhile. */
async function measureWork(film: string): Promise<BenchReport[]> {
  const farm = await ComposeFarm.open({ WORKER_CPUS: values.cpus, CHUNK_SECONDS });
  const turns = new Map<number, Turn[]>(workerCounts.map((count) => [count, []]));
  try {
    await farm.up(['--scale', 'worker=1']);
    await farm.waitHealthy('worker', 1);
    const atRest = await MemoryWatch.once(farm);
    const client = await FarmClient.signUp(farm.url);
    const underLoad = MemoryWatch.start(farm);
    for (let run = 0; run < runs; run += 1) {
      for (const count of workerCounts) {
        const turn = await transcodeWith(farm, client, film, count);
        turns.get(count)?.push(turn);
        console.error(`work ${run + 1} of ${runs}, ${count} workers: ${turn.seconds.toFixed(1)} s`);
      }
    }
    return [reportScaling(turns), reportCpuTime(turns), reportMemory(atRest, await underLoad.stop())];
  } finally {
    await farm.down();
  }
}

async function transcodeWith(
  farm: ComposeFarm,
  client: FarmClient,
  film: string,
  workers: number,
): Promise<Turn> {
  await farm.up(['--no-recreate', '--scale', `worker=${workers}`]);
  await farm.waitHealthy('worker', workers);
  const video = await client.upload(film);
  const before = await readContainersCpuSeconds(farm, SERVICES);
  const begun = performance.now();
  await video.complete();
  await video.waitFor('online', ({ status }) => status === 'online');
  const took = (performance.now() - begun) / 1000;
  const after = await readContainersCpuSeconds(farm, SERVICES);
  await video.remove();
  return {
    seconds: took,
    cpuSeconds: new Map([...after].map(([service, used]) => [service, used - (before.get(service) ?? 0)])),
  };
}

function reportScaling(turns: ReadonlyMap<number, Turn[]>): BenchReport {
  const timesOf = (count: number): number[] => (turns.get(count) ?? []).map((turn) => turn.seconds);
  const [fewest = 1] = workerCounts;
  const work = fewest * median(timesOf(fewest));
  return {
    title: `${seconds} s of 720p25 with workers of ${values.cpus} cores each`,
    columns: ['workers', 'median (runs)', 'of ideal'],
    rows: workerCounts.map((count) => {
      const own = timesOf(count);
      const ratio = work / (count * median(own));
      return [String(count), secondsOf(own), count === fewest ? '' : ratioAgainst(ratio, TARGET)];
    }),
    remarks: [
      'server, database, broker and store share the cores with the workers, and have no limits',
      describeLoad(),
    ],
  };
}

function reportCpuTime(turns: ReadonlyMap<number, Turn[]>): BenchReport {
  return {
    title: 'CPU seconds of all containers of a service, for one film (median)',
    columns: ['workers', ...SERVICES],
    rows: workerCounts.map((count) => {
      const ofService = (service: string): number =>
        median((turns.get(count) ?? []).map(({ cpuSeconds }) => cpuSeconds.get(service) ?? Number.NaN));
      return [String(count), ...SERVICES.map((service) => ofService(service).toFixed(1))];
    }),
    remarks: [],
  };
}

function reportMemory(atRest: MemoryWatch, underLoad: MemoryWatch): BenchReport {
  const mebibytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
  return {
    title: 'memory of a container, page cache left out',
    columns: ['service', 'at rest', 'most under load'],
    rows: SERVICES.map((service) => [
      service,
      mebibytes(atRest.most(service)),
      mebibytes(underLoad.most(service)),
    ]),
    remarks: [`${underLoad.samples} samples`],
  };
}
