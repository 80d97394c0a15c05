import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type VideoDetail, videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { z } from 'zod';
import { signAccessToken } from '../../server/src/auth/accessTokens.ts';
import { deriveSecrets } from '../../server/src/context/secrets.ts';
import { openDatabase } from '../../server/src/db/database.ts';
import { useMariaDb } from '../support/mariadb.ts';
import { useMinio } from '../support/minio.ts';
import {
  findFreePort,
  makeTemporaryFolder,
  type RunningProcess,
  startProcess,
} from '../support/processes.ts';
import { useRabbitMq } from '../support/rabbitmq.ts';
import { makeVideos, type Shelf } from './apiVideos.ts';
import { readCpuSeconds } from './cpuTime.ts';
import { type BenchReport, median, ratioAgainst } from './figures.ts';
import type { BenchOptions } from './options.ts';

const VIDEOS = 10_000;
const SECONDS = 10;
const TARGET = 0.8;
const BENCH = import.meta.dirname;
/** The server under test has the first core to itself, everything else shares the others. */
const SERVER_CORE = '0';

const loadSchema = z.object({ polls: z.number(), seconds: z.number(), p50Ms: z.number(), p99Ms: z.number() });

/** One side of the comparison: a program that answers `GET /api/v1/videos/:id`. */
interface Side {
  name: string;
  program: string;
  env: Record<string, string>;
}

interface Turn extends z.infer<typeof loadSchema> {
  cpuSeconds: number;
}

/**
 * `GET /videos/:id` for videos on MariaDB: the server as it is shipped, logging included, against a bare Express and
 * mysql2 handler that verifies the same token, reads the same two tables by id, and answers the same JSON with the same
 * number of signed links. Either has one core to itself.
 */
export async function benchApi(options: BenchOptions): Promise<BenchReport> {
  const cleanupStack = new CleanupStack();
  try {
    await leaveServerCore();
    const { sides, shelf, secret } = await prepare(cleanupStack);
    const turns = new Map<Side, Turn[]>(sides.map((side) => [side, []]));
    await compareAnswers(sides, shelf, secret);
    for (let run = 0; run < options.runs; run += 1) {
      for (const side of sides) {
        const turn = await takeTurn(side, { shelf, secret, seconds: options.seconds ?? SECONDS });
        turns.get(side)?.push(turn);
        options.onRun(`${side.name}, ${run + 1} of ${options.runs}: ${Math.round(pollsPerCore(turn))}`);
      }
    }
    return report(turns);
  } finally {
    await cleanupStack.release();
  }
}

const pollsPerCore = ({ polls, cpuSeconds }: Turn): number => polls / cpuSeconds;

function report(turns: ReadonlyMap<Side, readonly Turn[]>): BenchReport {
  const of = (side: readonly Turn[], figure: (turn: Turn) => number): number => median(side.map(figure));
  const [own = [], bare = []] = [...turns.values()];
  return {
    title: `api: GET /videos/:id, ${VIDEOS} videos on MariaDB, polled at random over 16 connections`,
    columns: ['', 'polls per second per core (runs)', 'polls per second', 'p50', 'p99', 'core in use'],
    rows: [...turns].map(([{ name }, runs]) => [
      name,
      `${Math.round(of(runs, pollsPerCore))} (${runs.map((run) => Math.round(pollsPerCore(run))).join(' ')})`,
      String(Math.round(of(runs, ({ polls, seconds }) => polls / seconds))),
      `${of(runs, ({ p50Ms }) => p50Ms).toFixed(2)} ms`,
      `${of(runs, ({ p99Ms }) => p99Ms).toFixed(2)} ms`,
      `${Math.round(100 * of(runs, ({ cpuSeconds, seconds }) => cpuSeconds / seconds))} %`,
    ]),
    remarks: [
      `per core, against bare: ${ratioAgainst(of(own, pollsPerCore) / of(bare, pollsPerCore), { atLeast: TARGET })}`,
    ],
  };
}

/** Moves this process, and with it the servers that it will start, off the core that is measured. */
async function leaveServerCore(): Promise<void> {
  const cores = availableParallelism();
  if (cores < 2) throw new Error('this bench needs a core for the server and one for everything else');
  await promisify(execFile)('taskset', ['-a', '-c', '-p', `1-${cores - 1}`, String(process.pid)]);
}

async function prepare(cleanupStack: CleanupStack): Promise<{ sides: Side[]; shelf: Shelf; secret: string }> {
  const folder = await makeTemporaryFolder('api');
  cleanupStack.add('folder', () => folder.remove());
  const [mariaDb, rabbitMq, minio] = await Promise.all([useMariaDb(), useRabbitMq(), useMinio()]);
  cleanupStack.add('MariaDB', () => mariaDb.dispose());
  cleanupStack.add('RabbitMQ', () => rabbitMq.dispose());
  cleanupStack.add('MinIO', () => minio.stop());
  const database = await openDatabase({ url: mariaDb.url }, createLogger({ level: 'silent', name: 'bench' }));
  const shelf = await makeVideos(database.models, VIDEOS).finally(() => database.close());
  const jwtSecret = randomBytes(32).toString('hex');
  const secret = deriveSecrets(jwtSecret).accessTokens;
  const common = { DATABASE_URL: mariaDb.url, LOG_FILE: path.join(folder.path, 'log') };
  const own: Side = {
    name: 'reelmill',
    program: path.resolve(BENCH, '../../server/src/main.ts'),
    env: {
      // counted like everybody's, never refused
      API_CALLS_PER_SECOND: '1000000',
      ...common,
      REELMILL_PROFILE: 'distributed',
      JWT_SECRET: jwtSecret,
      AMQP_URL: rabbitMq.url,
      TASK_QUEUE: `api-${randomBytes(4).toString('hex')}`,
      S3_ENDPOINT: minio.endpoint,
      S3_ACCESS_KEY: minio.accessKey,
      S3_SECRET_KEY: minio.secretKey,
      S3_UPLOAD_ACCESS_KEY: minio.accessKey,
      S3_UPLOAD_SECRET_KEY: minio.secretKey,
      S3_PLAYBACK_ACCESS_KEY: minio.accessKey,
      S3_PLAYBACK_SECRET_KEY: minio.secretKey,
      S3_BUCKET: `api-${randomBytes(4).toString('hex')}`,
    },
  };
  const bare: Side = {
    name: 'bare Express + mysql2',
    program: path.join(BENCH, 'bareApi.ts'),
    env: { ...common, TOKEN_SECRET: secret, LINK_SECRET: randomBytes(32).toString('hex') },
  };
  return { sides: [own, bare], shelf, secret };
}

interface TurnOptions {
  shelf: Shelf;
  secret: string;
  seconds: number;
}

/** Starts a side, polls every video once, and then measures. */
async function takeTurn(side: Side, { shelf, secret, seconds }: TurnOptions): Promise<Turn> {
  return withSide(side, async ({ port, server }) => {
    const token = signAccessToken({ userId: shelf.userId, epoch: 0, session: null }, secret);
    const ids = [String(shelf.firstId), String(shelf.lastId)];
    const poll = async (duration: string) => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [path.join(BENCH, 'pollVideos.ts'), String(port), ...ids, duration],
        { env: { ...process.env, TOKEN: token } },
      );
      return loadSchema.parse(JSON.parse(stdout));
    };
    await poll('once');
    const before = await readCpuSeconds(server.pid);
    const load = await poll(String(seconds));
    return { ...load, cpuSeconds: (await readCpuSeconds(server.pid)) - before };
  });
}

async function withSide<T>(
  { name, program, env }: Side,
  work: (side: { port: number; server: RunningProcess }) => Promise<T>,
): Promise<T> {
  const port = await findFreePort();
  const server = startProcess(
    'taskset',
    // the log goes to a file, as a container's does; reading it would cost the other cores' time
    ['-c', SERVER_CORE, 'sh', '-c', 'exec "$0" "$@" 2>>"$LOG_FILE"', process.execPath, program],
    { name, env: { ...env, PORT: String(port) } },
  );
  try {
    await server.waitUntil('it serves', async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2_000) });
      return answer.status !== 503;
    });
    return await work({ port, server });
  } finally {
    await server.stop(30_000);
  }
}

/** Both sides must say the same about a video; only their links differ, by their signatures. */
async function compareAnswers(sides: readonly Side[], shelf: Shelf, secret: string): Promise<void> {
  const answers: VideoDetail[] = [];
  for (const side of sides) {
    const answer = await withSide(side, async ({ port }) => {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/videos/${shelf.firstId}`, {
        headers: {
          Authorization: `Bearer ${signAccessToken({ userId: shelf.userId, epoch: 0, session: null }, secret)}`,
        },
      });
      assert.equal(response.status, 200);
      return videoDetailSchema.parse(await response.json());
    });
    answers.push(answer);
  }
  const [own, bare] = answers.map((answer) => JSON.parse(JSON.stringify(answer, withoutLinks)) as unknown);
  assert.deepEqual(own, bare);
}

function withoutLinks(_key: string, value: unknown): unknown {
  return typeof value === 'string' && /^https?:/.test(value) ? 'a link' : value;
}
