import { randomBytes } from 'node:crypto';
import { createMinioStore, ensureBucket } from '@reelmill/shared/drivers/minioStore.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { openDatabase } from '../../server/src/db/database.ts';
import { signedByOwner } from '../support/minio.ts';
import { findFreePort } from '../support/processes.ts';
import { canShiftClocks } from './clock.ts';
import { everythingDown, hurtDependencies } from './dependencyFaults.ts';
import { canMount } from './disk.ts';
import { fillDisks } from './diskFaults.ts';
import {
  type Dependencies,
  Links,
  makeServers,
  makeWorkers,
  startDependencies,
  type WorkerParts,
} from './distributedParts.ts';
import type { Fault } from './faults.ts';
import { hurtLinks, longAbsence } from './linkFaults.ts';
import { killMarkedProcesses, signalMarkedProcesses } from './markedProcesses.ts';
import { hurtMediaPrograms } from './mediaFaults.ts';
import type { Program } from './program.ts';
import { killPrograms, suspendPrograms, wrongClocks } from './programFaults.ts';
import { LEASE_SECONDS, type Remains, type World, type WorldOptions } from './world.ts';

/** Two servers, some workers, MariaDB, RabbitMQ and MinIO, every connection of theirs through a link. */
export async function openDistributedWorld(options: WorldOptions & { workers: number }): Promise<World> {
  const cleanupStack = new CleanupStack();
  try {
    return await open(options, cleanupStack);
  } catch (error) {
    await cleanupStack.release();
    throw error;
  }
}

async function open(options: WorldOptions & { workers: number }, cleanupStack: CleanupStack): Promise<World> {
  const dependencies = await startDependencies(options.folder, cleanupStack);
  const bucket = bucketOf(dependencies);
  await ensureBucket(bucket);
  const links = new Links(cleanupStack);
  const mark = `chaos-${randomBytes(4).toString('hex')}`;
  const parts = { ...options, dependencies, links, mark };
  const ports = [await findFreePort(), await findFreePort()];
  const { port: apiPort } = await links.open('creators↔API', () => ports);
  const apiUrl = `http://127.0.0.1:${apiPort}`;
  const storeUrl = await links.via('creators↔store', dependencies.minio.endpoint);
  const { servers, env } = await makeServers(parts, { ports, apiUrl, storeUrl });
  const made = await makeWorkers(parts, options.workers, cleanupStack);
  const programs = [...servers, ...made.workers];
  cleanupStack.add('processes', () => killMarkedProcesses(mark));
  for (const program of programs) cleanupStack.add(program.name, () => program.kill());

  return {
    ...{ apiUrl, programs, mark },
    scratchFolders: made.scratchFolders,
    faults: listFaults({ servers, made, links, dependencies }),
    leftOut: [
      ...(canMount ? [] : ['scratch disks that are full (mounting needs root)']),
      ...(canShiftClocks ? [] : ['wrong clocks (libfaketime is not installed)']),
    ],
    async heal() {
      for (const link of links.all) link.set({ kind: 'whole' });
      await Promise.all(made.disks.map((disk) => disk.free()));
      for (const dependency of dependencies.all) await dependency.start();
      await signalMarkedProcesses(mark, 'SIGCONT');
      for (const program of programs) program.start('right');
    },
    async stop() {
      const inOrder = await Promise.all(programs.map((program) => program.stop()));
      return programs.filter((_, index) => !inOrder[index]).map(({ name }) => name);
    },
    openRemains: () => openRemains(dependencies, env),
    dispose: () => cleanupStack.release(),
  };
}

function listFaults(of: {
  servers: readonly Program[];
  made: WorkerParts;
  links: Links;
  dependencies: Dependencies;
}): Fault[] {
  const { servers, links, dependencies } = of;
  const { workers, disks } = of.made;
  const programs = [...servers, ...workers];
  return [
    killPrograms(3, programs),
    suspendPrograms('SIGSTOP', 3, programs, [0.5, LEASE_SECONDS - 2]),
    suspendPrograms('stale worker', 1.5, workers, [LEASE_SECONDS + 4, LEASE_SECONDS + 12]),
    ...hurtMediaPrograms(2, () => workers.flatMap(({ pid }) => pid ?? [])),
    ...hurtLinks(2.5, links.all),
    ...fillDisks(3, disks),
    ...hurtDependencies(0.7, dependencies.all),
    longAbsence(0.25, 'the store', links.to('store')),
    longAbsence(0.15, 'the broker', links.to('broker')),
    everythingDown(0.2, programs, dependencies.all),
    ...wrongClocks(1, programs),
  ];
}

function bucketOf({ minio: { endpoint, accessKey, secretKey } }: Dependencies) {
  const names = { region: 'us-east-1', bucket: 'reelmill' };
  return signedByOwner({ endpoint, publicEndpoint: endpoint, accessKey, secretKey, ...names });
}

async function openRemains(dependencies: Dependencies, serverEnv: Record<string, string>): Promise<Remains> {
  const { databaseUrl } = dependencies;
  const logger = createLogger({ level: 'silent', name: 'chaos' });
  const store = createMinioStore(bucketOf(dependencies));
  const database = await openDatabase({ url: databaseUrl }, logger);
  return {
    ...{ store, database },
    config: readServerConfig(serverEnv),
    async close() {
      await database.close();
      await store.close();
    },
  };
}
