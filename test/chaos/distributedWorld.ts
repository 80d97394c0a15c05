import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { createMinioStore, ensureBucket } from '@reelmill/shared/drivers/minioStore.ts';
import { readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { Releasers } from '@reelmill/shared/runtime/releasers.ts';
import { createConnection } from 'mysql2/promise';
import { openDatabase } from '../../server/src/db/database.ts';
import { startMariaDb } from '../support/mariadb.ts';
import { signedByOwner, startMinio } from '../support/minio.ts';
import { findFreePort } from '../support/processes.ts';
import { startRabbitMq } from '../support/rabbitmq.ts';
import { canShiftClocks } from './clock.ts';
import { canMount, type Disk, mountMemoryDisk } from './disk.ts';
import {
  type Dependency,
  everythingDown,
  type Fault,
  fillDisks,
  hurtDependencies,
  hurtLinks,
  hurtMediaPrograms,
  killPrograms,
  longAbsence,
  suspendPrograms,
  wrongClocks,
} from './faults.ts';
import { type Link, openLink } from './link.ts';
import { Program } from './program.ts';
import { COMMON_ENV, LEASE_SECONDS, type World, type WorldOptions } from './world.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const DATABASE = 'reelmill_chaos';
const SERVERS = ['server-1', 'server-2'];
/** A worker with less room than 256 MiB takes no tasks. */
const SCRATCH_BYTES = 320 * 1024 ** 2;

/** Two servers, some workers, MariaDB, RabbitMQ and MinIO, every connection of theirs through a link. */
export async function openDistributedWorld(options: WorldOptions & { workers: number }): Promise<World> {
  const releasers = new Releasers();
  try {
    return await open(options, releasers);
  } catch (error) {
    await releasers.release();
    throw error;
  }
}

async function open(options: WorldOptions & { workers: number }, releasers: Releasers): Promise<World> {
  const { folder, logFolder, timeline } = options;
  const minio = await startMinio(folder);
  releasers.add('MinIO', minio.stop);
  const mariaDb = await startMariaDb();
  releasers.add('MariaDB', mariaDb.dispose);
  const rabbitMq = await startRabbitMq();
  releasers.add('RabbitMQ', rabbitMq.dispose);
  await createDatabase(mariaDb.url);
  const bucket = signedByOwner({
    endpoint: minio.endpoint,
    publicEndpoint: minio.endpoint,
    accessKey: minio.accessKey,
    secretKey: minio.secretKey,
    region: 'us-east-1',
    bucket: 'reelmill',
  });
  await ensureBucket(bucket);

  const links: Link[] = [];
  const link = async (name: string, findPorts: () => readonly number[]): Promise<Link> => {
    const opened = await openLink(name, findPorts);
    releasers.add(name, () => opened.close());
    links.push(opened);
    return opened;
  };
  const portOf = (url: string) => (): number[] => [Number(new URL(url).port)];
  const via = (url: string, { port }: Link): string => {
    const address = new URL(url);
    address.port = String(port);
    return address.href.replace(/\/$/, '');
  };
  const ports = [await findFreePort(), await findFreePort()];
  const apiLink = await link('creators↔API', () => ports);
  const creatorStore = await link('creators↔store', portOf(minio.endpoint));
  const apiUrl = `http://127.0.0.1:${apiLink.port}`;
  const mark = `chaos-${randomBytes(4).toString('hex')}`;
  const common = {
    ...COMMON_ENV,
    REELMILL_PROFILE: 'distributed',
    TASK_QUEUE: mark,
    S3_ACCESS_KEY: minio.accessKey,
    S3_SECRET_KEY: minio.secretKey,
    S3_PUBLIC_ENDPOINT: via(minio.endpoint, creatorStore),
  };
  const serverEnv = {
    ...common,
    PUBLIC_URL: apiUrl,
    JWT_SECRET: randomBytes(32).toString('hex'),
    S3_UPLOAD_ACCESS_KEY: minio.accessKey,
    S3_UPLOAD_SECRET_KEY: minio.secretKey,
    S3_PLAYBACK_ACCESS_KEY: minio.accessKey,
    S3_PLAYBACK_SECRET_KEY: minio.secretKey,
  };
  const linksOf = async (name: string) => ({
    AMQP_URL: via(rabbitMq.url, await link(`${name}↔broker`, portOf(rabbitMq.url))),
    S3_ENDPOINT: via(minio.endpoint, await link(`${name}↔store`, portOf(minio.endpoint))),
  });
  const databaseUrl = `${mariaDb.url}/${DATABASE}`;

  const servers: Program[] = [];
  for (const [index, name] of SERVERS.entries()) {
    servers.push(
      new Program({
        ...{ name, logFolder, timeline, cwd: ROOT },
        args: ['--max-semi-space-size=4', path.join(ROOT, 'server/src/main.ts')],
        env: {
          ...serverEnv,
          ...(await linksOf(name)),
          DATABASE_URL: via(databaseUrl, await link(`${name}↔database`, portOf(mariaDb.url))),
          PORT: String(ports[index]),
        },
      }),
    );
  }
  const workers: Program[] = [];
  const disks: (Disk & { name: string })[] = [];
  const scratchFolders: string[] = [];
  for (let index = 0; index < options.workers; index += 1) {
    const name = `worker-${'abcdefgh'[index]}`;
    const scratch = path.join(folder, mark, name);
    scratchFolders.push(scratch);
    if (canMount) {
      const disk = await mountMemoryDisk(scratch, SCRATCH_BYTES);
      releasers.add(`scratch of ${name}`, disk.unmount);
      disks.push({ ...disk, name: `scratch of ${name}` });
    }
    workers.push(
      new Program({
        ...{ name, logFolder, timeline, cwd: ROOT },
        args: [path.join(ROOT, 'worker/src/main.ts')],
        env: {
          ...common,
          ...(await linksOf(name)),
          WORKER_ID: name,
          WORK_DIR: scratch,
          WORKER_THREADS: '1',
          DRAIN_SECONDS: '10',
        },
      }),
    );
  }
  const programs = [...servers, ...workers];
  for (const program of programs) releasers.add(program.name, () => program.kill());
  const dependencies: Dependency[] = [
    dependency('MariaDB', mariaDb),
    dependency('RabbitMQ', rabbitMq),
    dependency('MinIO', minio),
  ];
  const linksTo = (target: string): Link[] => links.filter(({ name }) => name.endsWith(target));
  const faults: Fault[] = [
    killPrograms(3, programs),
    suspendPrograms('SIGSTOP', 3, programs, [0.5, LEASE_SECONDS - 2]),
    suspendPrograms('stale worker', 1.5, workers, [LEASE_SECONDS + 4, LEASE_SECONDS + 12]),
    ...hurtMediaPrograms(2, () => workers.flatMap(({ pid }) => pid ?? [])),
    ...hurtLinks(2.5, links),
    ...fillDisks(3, disks),
    ...hurtDependencies(0.7, dependencies),
    longAbsence(0.25, 'the store', linksTo('↔store')),
    longAbsence(0.15, 'the broker', linksTo('↔broker')),
    everythingDown(0.2, programs, dependencies),
    ...wrongClocks(1, programs),
  ];

  return {
    apiUrl,
    programs,
    faults,
    scratchFolders,
    mark,
    leftOut: [
      ...(canMount ? [] : ['scratch disks that are full (mounting needs root)']),
      ...(canShiftClocks ? [] : ['wrong clocks (libfaketime is not installed)']),
    ],
    async heal() {
      for (const one of links) one.set({ kind: 'whole' });
      await Promise.all(disks.map((disk) => disk.free()));
      for (const one of dependencies) await one.start();
      for (const program of programs) {
        program.signal('SIGCONT');
        program.start('right');
      }
    },
    async stop() {
      const inOrder = await Promise.all(programs.map((program) => program.stop()));
      return programs.filter((_, index) => !inOrder[index]).map(({ name }) => name);
    },
    async openRemains() {
      const store = createMinioStore(bucket);
      const logger = createLogger({ level: 'silent', name: 'chaos' });
      const database = await openDatabase({ url: databaseUrl }, logger);
      return {
        store,
        database,
        config: readServerConfig({
          ...serverEnv,
          S3_ENDPOINT: minio.endpoint,
          AMQP_URL: rabbitMq.url,
          DATABASE_URL: databaseUrl,
        }),
        async close() {
          await database.close();
          await store.close();
        },
      };
    },
    dispose: () => releasers.release(),
  };
}

interface Startable {
  readonly pid: number;
  start(): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** Starting it while it runs changes nothing; a process that is suspended goes on. */
function dependency(name: string, server: Startable): Dependency {
  let runs = true;
  return {
    name,
    get pid() {
      return server.pid;
    },
    async start() {
      if (runs) return void process.kill(server.pid, 'SIGCONT');
      runs = true;
      await server.start();
    },
    async kill() {
      runs = false;
      await server.kill();
    },
    // `stop` of a MinIO removes its data
    async stop() {
      runs = false;
      await (name === 'MinIO' ? server.kill() : server.stop());
    },
  };
}

async function createDatabase(url: string): Promise<void> {
  const connection = await createConnection(url);
  await connection.query(`CREATE DATABASE ${DATABASE} CHARACTER SET utf8mb4`);
  await connection.end();
}
