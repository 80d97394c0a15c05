import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { CACHE } from '../support/cacheFolder.ts';
import { makeTemporaryFolder, startProcess } from '../support/processes.ts';
import { runCommand } from './command.ts';

const START_MS = 60_000;
const STOP_MS = 60_000;
/** Keeps images from run to run; a Docker of this machine has a folder of its own. */
const DATA = path.join(CACHE, 'compose', 'docker');
/** Debian keeps servers where only root's PATH looks. */
const PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;

/** A Docker engine of this run's own, beside any other of the machine. */
export interface Engine {
  /** For DOCKER_HOST. */
  readonly host: string;
  stop(): Promise<void>;
}

export interface EngineOptions {
  /** Where its images are (default: those that are kept from run to run). */
  dataRoot?: string;
  /** Its `daemon.json`. */
  settings?: Readonly<Record<string, unknown>>;
  /** Is told each line of its log, with every call of its API. */
  onLog?: (line: string) => void;
}

/** Starts `dockerd`, which only root may. */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const { dataRoot = DATA, settings = {}, onLog } = options;
  const folder = await makeTemporaryFolder('docker');
  await mkdir(dataRoot, { recursive: true });
  const inFolder = (name: string): string => path.join(folder.path, name);
  await writeFile(inFolder('daemon.json'), JSON.stringify(settings));
  const host = `unix://${inFolder('docker.sock')}`;
  const engine = startProcess(
    'dockerd',
    [
      `--host=${host}`,
      `--data-root=${dataRoot}`,
      `--exec-root=${inFolder('exec')}`,
      `--pidfile=${inFolder('pid')}`,
      `--config-file=${inFolder('daemon.json')}`,
      // nothing here uses the common network, and another Docker of the machine may
      '--bridge=none',
      `--log-level=${onLog === undefined ? 'warn' : 'debug'}`,
    ],
    { env: { PATH } },
  );
  if (onLog !== undefined && engine.child.stderr !== null) {
    createInterface({ input: engine.child.stderr }).on('line', onLog);
  }
  const stop = async (): Promise<void> => {
    await engine.stop(STOP_MS);
    await folder.remove();
  };
  try {
    const answers = () => runCommand('docker', ['version'], { env: { DOCKER_HOST: host } }).then(() => true);
    await engine.waitUntil('the engine answers', answers, START_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  return { host, stop };
}
