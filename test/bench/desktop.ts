import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import type { DesktopApp } from '../support/desktopApp.ts';
import { callMain } from '../support/desktopPages.ts';
import { packApp, startPackagedApp } from '../support/packagedApp.ts';
import { waitFor } from '../support/processes.ts';
import type { UploadApi } from '../support/uploadApi.ts';
import { startVirtualScreen, type VirtualScreen } from '../support/virtualScreen.ts';
import { type Memory, readMemory, readStart, type Smoothness, scrollQueue } from './desktopProbe.ts';
import { type BenchReport, median, ratioAgainst } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { measure, prepareReelmill, type Stage, withStage, writeRandom } from './upload.ts';

const MIB = 1024 * 1024;
const PART_BYTES = 16 * MIB;
const FILE_BYTES = 2048 * MIB;
const QUEUED_FILES = 1_000;
/** Long enough to run as long as anything is measured. */
const QUEUED_BYTES = 1024 * MIB;
const RUNNING_UPLOADS = 4;
/** A good line at home; unlimited, the uploads would be over too soon. */
const LINE_BYTES_PER_SECOND = 16 * MIB;
const WARM_UP_MS = 15_000;
const TARGET = { atLeast: 0.95 };
const MP4_HEAD = Buffer.from('\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41', 'latin1');

interface Bench extends BenchOptions {
  folder: string;
  screen: VirtualScreen;
  /** The packed app, as it is installed. */
  executable: string;
}

interface StartFigures {
  painted: number;
  interactive: number;
}

/** Measures the packed desktop app: its start, its memory and smoothness under load, and its throughput. */
export async function benchDesktop({ runs, seconds, onRun }: BenchOptions): Promise<BenchReport> {
  const cleanupStack = new CleanupStack();
  try {
    const folder = await mkdtemp(path.join(tmpdir(), 'reelmill-bench-'));
    cleanupStack.add('folder', () => rm(folder, { recursive: true, force: true }));
    const screen = await startVirtualScreen();
    cleanupStack.add('screen', () => screen.stop());
    const executable = await packApp(path.join(folder, 'packed'));
    const bench: Bench = { runs, seconds, onRun, folder, screen, executable };
    const starts = await measureStarts(bench);
    const loads = await measureLoads(bench);
    const speeds = await measureThroughput(bench);
    return report(starts, loads, speeds);
  } finally {
    await cleanupStack.release();
  }
}

/** Starts with somebody signed in, before whom nothing of the app was in memory, as far as that can be had. */
async function measureStarts(bench: Bench): Promise<{ figures: StartFigures[]; isCold: boolean }> {
  const figures: StartFigures[] = [];
  let isCold = true;
  await withStage({ file: '', folder: bench.folder, partSizeBytes: PART_BYTES }, async ({ api }) => {
    const dataDir = await makeData(bench, api);
    for (let run = 0; run < bench.runs; run++) {
      isCold = (await emptyPageCache()) && isCold;
      const startedMs = Date.now();
      const app = await start(bench, dataDir);
      const { paintedAtMs, interactiveAtMs } = await readStart(app.page);
      await app.close();
      figures.push({ painted: paintedAtMs - startedMs, interactive: interactiveAtMs - startedMs });
      bench.onRun(`start ${run + 1}: interactive after ${(interactiveAtMs - startedMs).toFixed(0)} ms`);
    }
  });
  return { figures, isCold };
}

interface Load {
  memory: Memory;
  resting: Smoothness;
  uploading: Smoothness;
}

/** A thousand files in the queue, four of them on their way. */
async function measureLoads(bench: Bench): Promise<Load[]> {
  const files = path.join(bench.folder, 'many');
  await makeSparseVideos(files);
  const loads: Load[] = [];
  for (let run = 0; run < bench.runs; run++) {
    await withStage({ file: '', folder: bench.folder, partSizeBytes: PART_BYTES }, async ({ api }) => {
      const dataDir = await makeData(bench, api);
      const app = await start(bench, dataDir);
      const { page } = app;
      await callMain(page, 'settings.set', {
        fileConcurrency: RUNNING_UPLOADS,
        bytesPerSecond: LINE_BYTES_PER_SECOND,
      });
      await callMain(page, 'queue.add', { paths: [files] });
      await waitFor(
        `${RUNNING_UPLOADS} uploads run`,
        async () => (await countSending(app)) === RUNNING_UPLOADS,
      );
      await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
      const uploading = await scrollQueue(page);
      const memory = await readMemory(app.pid);
      const ids = ((await callMain(page, 'queue.list')) as { id: string }[]).map(({ id }) => id); // as the contract says
      await callMain(page, 'queue.pause', { ids });
      const resting = await scrollQueue(page);
      await app.close();
      loads.push({ memory, resting, uploading });
      bench.onRun(`load ${run + 1}: ${memory.main.toFixed(0)} and ${memory.renderer.toFixed(0)} MiB`);
    });
  }
  return loads;
}

interface Speeds {
  app: number[];
  cli: number[];
}

/** Sends the same file with the app and with the CLI, in turns; the server tells from when to when. */
async function measureThroughput(bench: Bench): Promise<Speeds> {
  const file = path.join(bench.folder, 'source.mp4');
  await writeRandom(file, FILE_BYTES);
  await overwriteHead(file, MP4_HEAD);
  const speeds: Speeds = { app: [], cli: [] };
  const stage = { file, folder: bench.folder, partSizeBytes: PART_BYTES };
  for (let run = 0; run < bench.runs; run++) {
    await withStage(stage, async (own) => void speeds.cli.push(await sendWithCli(own)));
    await withStage(stage, async (own) => void speeds.app.push(await sendWithApp(bench, own)));
    bench.onRun(
      `throughput ${run + 1}: ${speeds.app.at(-1)?.toFixed(2)} s, the CLI ${speeds.cli.at(-1)?.toFixed(2)} s`,
    );
  }
  return speeds;
}

async function sendWithCli(stage: Stage): Promise<number> {
  const sent = timeUpload(stage.api);
  await measure(await prepareReelmill(stage));
  return await sent;
}

async function sendWithApp(bench: Bench, { api, file }: Stage): Promise<number> {
  const app = await start(bench, await makeData(bench, api));
  try {
    const sent = timeUpload(api);
    await callMain(app.page, 'queue.add', { paths: [file] });
    return await sent;
  } finally {
    await app.close();
  }
}

/** Seconds from when an upload is begun to when it is whole, as its server sees it. */
function timeUpload(api: UploadApi): Promise<number> {
  const done = Promise.withResolvers<number>();
  let startedMs = Number.NaN;
  api.intercept = (call, when) => {
    if (call === 'POST /videos/upload/initiate' && when === 'before') startedMs = performance.now();
    if (call === 'POST /videos/upload/complete' && when === 'after') {
      done.resolve((performance.now() - startedMs) / 1000);
    }
    return undefined;
  };
  return done.promise;
}

/** The data folder of an app that somebody has signed in with and ended. */
async function makeData(bench: Bench, api: UploadApi): Promise<string> {
  const dataDir = await mkdtemp(path.join(bench.folder, 'data-'));
  const app = await start(bench, dataDir);
  await callMain(app.page, 'session.signIn', {
    serverUrl: api.url,
    email: 'bench@example.org',
    password: 'of no use',
  });
  await app.page.getByRole('heading', { name: 'Uploads', level: 1 }).waitFor();
  await app.close();
  return dataDir;
}

function start({ executable, screen }: Bench, dataDir: string): Promise<DesktopApp> {
  return startPackagedApp(executable, { dataDir, screen });
}

async function countSending({ page }: DesktopApp): Promise<number> {
  const uploads = (await callMain(page, 'queue.list')) as { state: string }[]; // as the contract says
  return uploads.filter(({ state }) => state === 'uploading').length;
}

/** Files without a content that would take room, each unlike every other. */
async function makeSparseVideos(folder: string): Promise<void> {
  await mkdir(folder);
  for (let index = 0; index < QUEUED_FILES; index++) {
    const file = path.join(folder, `clip-${String(index).padStart(4, '0')}.mp4`);
    await writeFile(file, Buffer.concat([MP4_HEAD, Buffer.from(String(index))]));
    const handle = await open(file, 'r+');
    await handle.truncate(QUEUED_BYTES).finally(() => handle.close());
  }
}

async function overwriteHead(file: string, head: Buffer): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(head, 0, head.length, 0).finally(() => handle.close());
}

/** Lets the system forget what it has read of the disk; only root may. */
async function emptyPageCache(): Promise<boolean> {
  return writeFile('/proc/sys/vm/drop_caches', '1').then(
    () => true,
    () => false,
  );
}

function report(
  { figures, isCold }: { figures: StartFigures[]; isCold: boolean },
  loads: Load[],
  speeds: Speeds,
): BenchReport {
  const row = (name: string, values: number[], unit: string): string[] => [
    name,
    `${median(values).toFixed(0)} ${unit}`,
    values.map((value) => value.toFixed(0)).join(' '),
  ];
  const throughput = (seconds: number[]): number[] => seconds.map((value) => FILE_BYTES / MIB / value);
  const dropped = ({ dropped, frames }: Smoothness): number => (100 * dropped) / (dropped + frames);
  return {
    title: `desktop: the packed app, ${QUEUED_FILES} files in the queue, ${RUNNING_UPLOADS} of them running`,
    columns: ['', 'median', 'runs'],
    rows: [
      row(
        'start to first picture',
        figures.map(({ painted }) => painted),
        'ms',
      ),
      row(
        'start to interactive',
        figures.map(({ interactive }) => interactive),
        'ms',
      ),
      row(
        'memory of the main process',
        loads.map(({ memory }) => memory.main),
        'MiB',
      ),
      row(
        'memory of the renderer',
        loads.map(({ memory }) => memory.renderer),
        'MiB',
      ),
      row(
        'all processes, shared once',
        loads.map(({ memory }) => memory.all),
        'MiB',
      ),
      row(
        'frames in 5 s of scrolling, uploading',
        loads.map(({ uploading }) => uploading.frames),
        '',
      ),
      row(
        'frames dropped, uploading',
        loads.map(({ uploading }) => uploading.dropped),
        '',
      ),
      row(
        'longest frame, uploading',
        loads.map(({ uploading }) => uploading.longestMs),
        'ms',
      ),
      row(
        'frames dropped, paused',
        loads.map(({ resting }) => resting.dropped),
        '',
      ),
      row('throughput of the app', throughput(speeds.app), 'MiB/s'),
      row('throughput of the CLI', throughput(speeds.cli), 'MiB/s'),
    ],
    remarks: [
      isCold
        ? 'Before each start the page cache was emptied.'
        : 'The page cache could not be emptied: the starts are warm.',
      `dropped of all frames while uploading: ${median(loads.map(({ uploading }) => dropped(uploading))).toFixed(1)} %`,
      `throughput of the app against the CLI: ${ratioAgainst(median(speeds.cli) / median(speeds.app), TARGET)}`,
    ],
  };
}
