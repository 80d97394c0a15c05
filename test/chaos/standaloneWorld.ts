import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { readServerConfig } from '@reelmill/shared/runtime/config.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { openDatabase } from '../../server/src/db/database.ts';
import { standalone } from '../../server/src/profiles/standalone.ts';
import { findEmbeddedWorkers } from '../support/childProcesses.ts';
import { findFreePort } from '../support/processes.ts';
import { canShiftClocks } from './clock.ts';
import { canMount, mountPowerDisk } from './disk.ts';
import { cutPower, fillDisks } from './diskFaults.ts';
import { hurtEmbeddedWorker } from './embeddedWorkerFaults.ts';
import type { Fault } from './faults.ts';
import { openLink } from './link.ts';
import { hurtLinks } from './linkFaults.ts';
import { findMarkedProcesses, killMarkedProcesses, signalMarkedProcesses } from './markedProcesses.ts';
import { hurtMediaPrograms } from './mediaFaults.ts';
import { Program } from './program.ts';
import { killPrograms, suspendPrograms, wrongClocks } from './programFaults.ts';
import { COMMON_ENV, LEASE_SECONDS, type World, type WorldOptions } from './world.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const DISK_BYTES = 2 * 1024 ** 3;

/** One server with its embedded worker; its data folder is a disk of its own, whose power can be cut. */
export async function openStandaloneWorld(options: WorldOptions): Promise<World> {
  const cleanupStack = new CleanupStack();
  try {
    return await open(options, cleanupStack);
  } catch (error) {
    await cleanupStack.release();
    throw error;
  }
}

async function open(
  { folder, logFolder, timeline }: WorldOptions,
  cleanupStack: CleanupStack,
): Promise<World> {
  const mark = `chaos-${randomBytes(4).toString('hex')}`;
  const mountPoint = path.join(folder, mark);
  const disk = canMount ? await mountPowerDisk(mountPoint, path.join(folder, 'disk.img'), DISK_BYTES) : null;
  if (disk !== null) cleanupStack.add('disk', () => disk.unmount());
  const dataDir = path.join(mountPoint, 'data');
  await mkdir(dataDir, { recursive: true });
  const port = await findFreePort();
  const link = await openLink('creators↔API', () => [port]);
  cleanupStack.add('link', () => link.close());
  const apiUrl = `http://127.0.0.1:${link.port}`;
  const env = {
    ...COMMON_ENV,
    REELMILL_PROFILE: 'standalone',
    REELMILL_DATA: dataDir,
    PUBLIC_URL: apiUrl,
    PORT: String(port),
    // what an embedded worker gets of the server's environment: a worker whose server is gone is known by it
    OTEL_SERVICE_NAME: mark,
  };
  const server = new Program({
    ...{ name: 'server', logFolder, timeline, cwd: ROOT, env },
    args: ['--max-semi-space-size=4', path.join(ROOT, 'server/src/main.ts')],
  });
  cleanupStack.add('processes', () => killMarkedProcesses(mark));
  cleanupStack.add('server', () => server.kill());
  const findWorkers = async (): Promise<number[]> =>
    server.pid === null ? [] : findEmbeddedWorkers(server.pid);
  const faults: Fault[] = [
    killPrograms(3, [server]),
    suspendPrograms('SIGSTOP', 2, [server], [0.5, LEASE_SECONDS + 8]),
    ...hurtEmbeddedWorker(2, findWorkers, () => findMarkedProcesses(mark)),
    ...hurtMediaPrograms(2, () => (server.pid === null ? [] : [server.pid])),
    ...hurtLinks(1.5, [link]),
    ...(disk === null
      ? []
      : [...fillDisks(3, [{ ...disk, name: 'the disk' }]), cutPower(3, server, disk, mark)]),
    ...wrongClocks(1, [server]),
  ];
  return {
    apiUrl,
    programs: [server],
    faults,
    scratchFolders: [path.join(dataDir, 'work')],
    mark,
    leftOut: [
      ...(canMount ? [] : ['full disks and power cuts (mounting needs root)']),
      ...(canShiftClocks ? [] : ['wrong clocks (libfaketime is not installed)']),
    ],
    async heal() {
      link.set({ kind: 'whole' });
      await disk?.free();
      await signalMarkedProcesses(mark, 'SIGCONT');
      server.start('right');
    },
    stop: async () => ((await server.stop()) ? [] : ['server']),
    async openRemains() {
      const config = readServerConfig(env);
      const logger = createLogger({ level: 'silent', name: 'chaos' });
      const input = { config, logger, publicUrl: apiUrl, localUrl: apiUrl };
      const store = await standalone.openStore(input, await standalone.readSecrets(config));
      const database = await openDatabase(standalone.locateDatabase(config), logger);
      return {
        ...{ config, store, database },
        async close() {
          await database.close();
          await store.close();
        },
      };
    },
    dispose: () => cleanupStack.release(),
  };
}
