import { type ChildProcess, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { access, mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { SessionFile } from '@reelmill/desktop/node/sessionFile.ts';
import { createMinioStore, ensureBucket } from '@reelmill/shared/drivers/minioStore.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { type RunningMinio, signedByOwner, startMinio } from '../support/minio.ts';
import { startUploadApi, type UploadApi } from '../support/uploadApi.ts';
import { median } from './figures.ts';

const MIB = 1024 * 1024;
const BUCKET = 'bench';
/** Where a store keeps up with any client; on a disk all of them would measure the disk. */
const MEMORY_FOLDER = '/dev/shm';

export interface UploadBenchOptions {
  sizeBytes?: number;
  runs?: number;
  partSizeBytes?: number;
  /** Only these, the CLI first; all by default. */
  clients?: readonly string[];
}

export interface ClientFigures {
  name: string;
  seconds: number[];
  medianSeconds: number;
  mebibytesPerSecond: number;
  /** The most memory one of its runs held (VmHWM). */
  peakMebibytes: number;
}

export interface UploadBenchResult {
  sizeBytes: number;
  clients: ClientFigures[];
  /** Our throughput over that of the fastest other client. */
  ratioToFastest: number;
}

export interface Contender {
  name: string;
  start: () => ChildProcess;
}

const CONTENDERS: readonly ((stage: Stage) => Promise<Contender>)[] = [
  prepareReelmill,
  prepareRclone,
  prepareMc,
];

/** What one run needs: a file, and a store that nobody has written to. */
export interface Stage {
  folder: string;
  file: string;
  minio: RunningMinio;
  api: UploadApi;
}

/**
 * Uploads one file to a private MinIO with the CLI, rclone and mc, each with its defaults, in turns; compares the
 * medians. Every run has a MinIO of its own: what is removed from one takes room until it is swept, and this room is
 * memory.
 */
export async function benchUpload(options: UploadBenchOptions = {}): Promise<UploadBenchResult> {
  const sizeBytes = options.sizeBytes ?? 2048 * MIB;
  const partSizeBytes = options.partSizeBytes ?? 16 * MIB;
  const runs = options.runs ?? 3;
  const cleanupStack = new CleanupStack();
  try {
    const folder = await mkdtemp(path.join(tmpdir(), 'reelmill-bench-'));
    cleanupStack.add('folder', () => rm(folder, { recursive: true, force: true }));
    const file = path.join(folder, 'source.bin');
    await writeRandom(file, sizeBytes);
    const figures = new Map<string, { name: string; seconds: number[]; peakMebibytes: number }>();
    for (let run = 0; run < runs; run++) {
      for (const prepare of CONTENDERS) {
        await withStage({ file, folder, partSizeBytes }, async (stage, store) => {
          const contender = await prepare(stage);
          const { name } = contender;
          if (!(options.clients?.includes(name) ?? true)) return;
          const { seconds, peakBytes } = await measure(contender);
          await checkBucket(store, sizeBytes);
          const figure = figures.get(name) ?? { name, seconds: [], peakMebibytes: 0 };
          figure.seconds.push(seconds);
          figure.peakMebibytes = Math.max(figure.peakMebibytes, peakBytes / MIB);
          figures.set(name, figure);
        });
      }
    }
    return compare([...figures.values()], sizeBytes);
  } finally {
    await cleanupStack.release();
  }
}

function compare(
  figures: { name: string; seconds: number[]; peakMebibytes: number }[],
  sizeBytes: number,
): UploadBenchResult {
  const clients = figures.map((figure) => {
    const medianSeconds = median(figure.seconds);
    return { ...figure, medianSeconds, mebibytesPerSecond: sizeBytes / MIB / medianSeconds };
  });
  const [ours, ...others] = clients;
  const fastest = Math.min(...others.map((other) => other.medianSeconds));
  return { sizeBytes, clients, ratioToFastest: fastest / (ours?.medianSeconds ?? Number.NaN) };
}

/** Runs `work` with an empty store of its own, which is gone afterwards. */
export async function withStage(
  { file, folder, partSizeBytes }: { file: string; folder: string; partSizeBytes: number },
  work: (stage: Stage, store: ObjectStore) => Promise<void>,
): Promise<void> {
  const cleanupStack = new CleanupStack();
  try {
    const ownFolder = await mkdtemp(path.join(folder, 'run-'));
    cleanupStack.add('folder', () => rm(ownFolder, { recursive: true, force: true }));
    const minio = await startMinio(await findFastFolder());
    cleanupStack.add('minio', () => minio.stop());
    const place = { publicEndpoint: minio.endpoint, bucket: BUCKET, region: 'us-east-1' };
    const access = { ...signedByOwner(minio), ...place };
    await ensureBucket(access);
    const store = createMinioStore(access);
    cleanupStack.add('store', () => store.close());
    const api = await startUploadApi({ store, partSizeBytes });
    cleanupStack.add('api', () => api.close());
    await work({ folder: ownFolder, file, minio, api }, store);
  } finally {
    await cleanupStack.release();
  }
}

export async function prepareReelmill({ folder, file, api }: Stage): Promise<Contender> {
  const config = path.join(folder, 'reelmill');
  await new SessionFile(path.join(config, 'session.json')).save({
    v: 1,
    serverUrl: api.url,
    userId: 1,
    email: 'bench@example.org',
    nickname: 'bench',
    role: 'creator',
    passwordTemporary: false,
    token: 'valid',
    refreshToken: 'unused',
  });
  const main = new URL('../../desktop/src/cli/main.ts', import.meta.url).pathname;
  const env = { ...process.env, REELMILL_CONFIG_DIR: config };
  return { name: 'reelmill', start: () => run(process.execPath, [main, 'upload', file], env) };
}

async function prepareRclone({ file, minio }: Stage): Promise<Contender> {
  // whoever runs this may have settings of their own for another S3
  const own = Object.entries(process.env).filter(([name]) => !/^(AWS|RCLONE)_/.test(name));
  const env = {
    ...Object.fromEntries(own),
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_BENCH_TYPE: 's3',
    RCLONE_CONFIG_BENCH_PROVIDER: 'Minio',
    RCLONE_CONFIG_BENCH_ENDPOINT: minio.endpoint,
    RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: minio.accessKey,
    RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: minio.secretKey,
  };
  return { name: 'rclone', start: () => run('rclone', ['copyto', file, `bench:${BUCKET}/rclone.bin`], env) };
}

async function prepareMc({ folder, file, minio }: Stage): Promise<Contender> {
  const cache = process.env.REELMILL_CACHE ?? path.join(homedir(), '.cache', 'reelmill');
  const program = path.join(cache, 'bin', 'mc');
  const config = path.join(folder, 'mc');
  await mkdir(config);
  const address = minio.endpoint.replace('http://', '');
  const env = { ...process.env, MC_HOST_bench: `http://${minio.accessKey}:${minio.secretKey}@${address}` };
  const args = ['--config-dir', config, '--quiet', 'cp', file, `bench/${BUCKET}/mc.bin`];
  return { name: 'mc', start: () => run(program, args, env) };
}

function run(command: string, args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

export async function measure({ name, start }: Contender): Promise<{ seconds: number; peakBytes: number }> {
  const startedMs = performance.now();
  const child = start();
  let peakBytes = 0;
  const timer = setInterval(async () => {
    peakBytes = Math.max(peakBytes, await readPeak(child.pid));
  }, 20);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    if (code !== 0) throw new Error(`${name} ended with ${code}`);
    return { seconds: (performance.now() - startedMs) / 1000, peakBytes };
  } finally {
    clearInterval(timer);
  }
}

async function readPeak(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

/** A run that brought something else than the file was no run. */
async function checkBucket(store: ObjectStore, expectedBytes: number): Promise<void> {
  let objects = 0;
  for await (const object of store.list('')) {
    if (object.sizeBytes !== expectedBytes) throw new Error(`${object.key} has ${object.sizeBytes} bytes`);
    objects += 1;
  }
  if (objects !== 1) throw new Error(`a run left ${objects} objects`);
}

export async function writeRandom(file: string, sizeBytes: number): Promise<void> {
  const handle = await open(file, 'wx');
  const block = Buffer.allocUnsafe(8 * MIB);
  try {
    for (let written = 0; written < sizeBytes; written += block.length) {
      await handle.write(randomFillSync(block).subarray(0, sizeBytes - written));
    }
  } finally {
    await handle.close();
  }
}

async function findFastFolder(): Promise<string> {
  return await access(MEMORY_FOLDER).then(
    () => MEMORY_FOLDER,
    () => tmpdir(),
  );
}

if (import.meta.main) {
  const [mebibytes, runs, partMebibytes] = process.argv.slice(2, 5).map(Number);
  const clients = process.argv.slice(5);
  const result = await benchUpload({
    ...(mebibytes ? { sizeBytes: mebibytes * MIB } : {}),
    ...(runs ? { runs } : {}),
    ...(partMebibytes ? { partSizeBytes: partMebibytes * MIB } : {}),
    ...(clients.length > 0 ? { clients } : {}),
  });
  for (const client of result.clients) {
    const runsText = client.seconds.map((seconds) => seconds.toFixed(2)).join(' ');
    console.log(
      `${client.name.padEnd(9)} ${client.mebibytesPerSecond.toFixed(0).padStart(5)} MiB/s  median ${client.medianSeconds.toFixed(2)} s of ${runsText}  peak ${client.peakMebibytes.toFixed(0)} MiB`,
    );
  }
  console.log(`ratio to the fastest other: ${result.ratioToFastest.toFixed(2)}`);
}
