import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { createConnection } from 'mysql2/promise';
import { type MariaDb, startMariaDb } from '../support/mariadb.ts';
import { type RunningMinio, startMinio } from '../support/minio.ts';
import { type RabbitMq, startRabbitMq } from '../support/rabbitmq.ts';
import type { Dependency } from './dependencyFaults.ts';
import { canMount, type Disk, mountMemoryDisk } from './disk.ts';
import { type Link, openLink } from './link.ts';
import { Program } from './program.ts';
import { COMMON_ENV, type WorldOptions } from './world.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const START_TRIES = 3;
const DATABASE = 'reelmill_chaos';
/** A worker with less room than 256 MiB takes no tasks. */
const SCRATCH_BYTES = 320 * 1024 ** 2;

/** MariaDB, RabbitMQ and MinIO of one run. */
export interface Dependencies {
  minio: RunningMinio;
  /** With the database's name. */
  databaseUrl: string;
  amqpUrl: string;
  all: Dependency[];
}

export async function startDependencies(folder: string, cleanupStack: CleanupStack): Promise<Dependencies> {
  const use = async <T>(started: Promise<T>, name: string, end: (server: T) => Promise<void>): Promise<T> => {
    const server = await started;
    cleanupStack.add(name, () => end(server));
    return server;
  };
  const [minio, mariaDb, rabbitMq] = await Promise.all([
    use(startMinio(folder), 'MinIO', (server) => server.stop()),
    use(startMariaDb(), 'MariaDB', (server) => server.dispose()),
    use(startRabbitMq(), 'RabbitMQ', (server) => server.dispose()),
  ]);
  const connection = await createConnection(mariaDb.url);
  await connection.query(`CREATE DATABASE ${DATABASE} CHARACTER SET utf8mb4`);
  await connection.end();
  return {
    minio,
    databaseUrl: `${mariaDb.url}/${DATABASE}`,
    amqpUrl: rabbitMq.url,
    all: [
      dependency('MariaDB', mariaDb),
      dependency('RabbitMQ', rabbitMq),
      // `stop` of a MinIO removes its data
      dependency('MinIO', minio, () => minio.kill()),
    ],
  };
}

/** Starting it while it runs changes nothing; a process that is suspended goes on. */
function dependency(
  name: string,
  server: MariaDb | RabbitMq | RunningMinio,
  stop: () => Promise<void> = () => server.stop(),
): Dependency {
  let runs = true;
  return {
    name,
    get pid() {
      return server.pid;
    },
    async start() {
      if (runs) return void process.kill(server.pid, 'SIGCONT');
      runs = true;
      await startInTime(server);
    },
    async kill() {
      runs = false;
      await server.kill();
    },
    async stop() {
      runs = false;
      await stop();
    },
  };
}

/** Its port may be taken for a moment by somebody's outgoing connection. */
async function startInTime(server: Pick<Dependency, 'start' | 'kill'>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await server.start();
    } catch (error) {
      await server.kill();
      if (attempt === START_TRIES) throw error;
    }
  }
}

/** The links of one run, by name. */
export class Links {
  readonly all: Link[] = [];
  readonly #cleanupStack: CleanupStack;

  constructor(cleanupStack: CleanupStack) {
    this.#cleanupStack = cleanupStack;
  }

  async open(name: string, findPorts: () => readonly number[]): Promise<Link> {
    const link = await openLink(name, findPorts);
    this.#cleanupStack.add(name, () => link.close());
    this.all.push(link);
    return link;
  }

  /** The same address by way of a new link. */
  async via(name: string, url: string): Promise<string> {
    const address = new URL(url);
    const { port } = await this.open(name, () => [Number(new URL(url).port)]);
    address.port = String(port);
    return address.href.replace(/\/$/, '');
  }

  to(target: string): Link[] {
    return this.all.filter(({ name }) => name.endsWith(`↔${target}`));
  }
}

export interface PartsOptions extends WorldOptions {
  dependencies: Dependencies;
  links: Links;
  /** Is in the environment of every program. */
  mark: string;
}

/** What servers and workers are both started with. */
async function commonEnv({ dependencies: { minio, amqpUrl }, links, mark }: PartsOptions, name: string) {
  return {
    ...COMMON_ENV,
    REELMILL_PROFILE: 'distributed',
    TASK_QUEUE: mark,
    AMQP_URL: await links.via(`${name}↔broker`, amqpUrl),
    S3_ENDPOINT: await links.via(`${name}↔store`, minio.endpoint),
    S3_ACCESS_KEY: minio.accessKey,
    S3_SECRET_KEY: minio.secretKey,
  };
}

/** Servers that listen on these ports and share their secrets. */
export async function makeServers(
  options: PartsOptions,
  { ports, apiUrl, storeUrl }: { ports: readonly number[]; apiUrl: string; storeUrl: string },
): Promise<{ servers: Program[]; env: Record<string, string> }> {
  const { accessKey, secretKey } = options.dependencies.minio;
  const shared = {
    PUBLIC_URL: apiUrl,
    S3_PUBLIC_ENDPOINT: storeUrl,
    JWT_SECRET: randomBytes(32).toString('hex'),
    S3_UPLOAD_ACCESS_KEY: accessKey,
    S3_UPLOAD_SECRET_KEY: secretKey,
    S3_PLAYBACK_ACCESS_KEY: accessKey,
    S3_PLAYBACK_SECRET_KEY: secretKey,
  };
  const servers: Program[] = [];
  let env: Record<string, string> = {};
  for (const [index, port] of ports.entries()) {
    const name = `server-${index + 1}`;
    env = {
      ...shared,
      ...(await commonEnv(options, name)),
      DATABASE_URL: await options.links.via(`${name}↔database`, options.dependencies.databaseUrl),
      PORT: String(port),
    };
    const args = ['--max-semi-space-size=4', path.join(ROOT, 'server/src/main.ts')];
    servers.push(new Program({ ...options, name, args, env, cwd: ROOT }));
  }
  return { servers, env };
}

export interface WorkerParts {
  workers: Program[];
  disks: (Disk & { name: string })[];
  scratchFolders: string[];
}

/** Workers with a scratch disk of their own each, where disks can be mounted. */
export async function makeWorkers(
  options: PartsOptions,
  count: number,
  cleanupStack: CleanupStack,
): Promise<WorkerParts> {
  const made: WorkerParts = { workers: [], disks: [], scratchFolders: [] };
  for (let number = 1; number <= count; number += 1) {
    const name = `worker-${number}`;
    const scratch = path.join(options.folder, options.mark, name);
    made.scratchFolders.push(scratch);
    if (canMount) {
      const disk = { ...(await mountMemoryDisk(scratch, SCRATCH_BYTES)), name: `scratch of ${name}` };
      cleanupStack.add(disk.name, disk.unmount);
      made.disks.push(disk);
    }
    const own = { WORKER_ID: name, WORK_DIR: scratch, WORKER_THREADS: '1', DRAIN_SECONDS: '10' };
    const env = { ...(await commonEnv(options, name)), ...own };
    const args = [path.join(ROOT, 'worker/src/main.ts')];
    made.workers.push(new Program({ ...options, name, args, env, cwd: ROOT }));
  }
  return made;
}
