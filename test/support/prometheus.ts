import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { findFreePort, makeTemporaryFolder, startProcess } from './processes.ts';

export const PROMETHEUS_PROGRAMS = ['prometheus', 'promtool'];

const SOURCE = path.resolve(import.meta.dirname, '../../deploy/monitoring');
const SECRETS = '/run/secrets/';

const responseSchema = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
  }),
  z.object({ status: z.literal('error'), error: z.string() }),
]);

/** The project's monitoring folder as it is deployed, in a folder of the test's own where its secrets are, too. */
export interface MonitoringFolder {
  readonly path: string;
  /** Changes the configuration's text. */
  editConfig(change: (text: string) => string): Promise<void>;
  /** What `promtool` prints; rejects with it where it fails. */
  promtool(...args: string[]): Promise<string>;
  remove(): Promise<void>;
}

export async function copyMonitoring(secrets: Record<string, string>): Promise<MonitoringFolder> {
  const folder = await makeTemporaryFolder('monitoring');
  await cp(SOURCE, folder.path, { recursive: true });
  for (const [name, secret] of Object.entries(secrets)) {
    await writeFile(path.join(folder.path, name), secret);
  }
  const config = path.join(folder.path, 'prometheus.yml');
  const editConfig = async (change: (text: string) => string): Promise<void> =>
    writeFile(config, change(await readFile(config, 'utf8')));
  await editConfig((text) => text.replaceAll(SECRETS, `${folder.path}/`));
  return {
    path: folder.path,
    editConfig,
    remove: folder.remove,
    async promtool(...args) {
      const { stdout, stderr } = await promisify(execFile)('promtool', args, { cwd: folder.path });
      return stdout + stderr;
    },
  };
}

export interface RunningPrometheus {
  /** See `queryPrometheus`. */
  query(expression: string): Promise<number[]>;
  stop(): Promise<void>;
}

/** Starts a Prometheus of its own with the configuration of this folder, and waits until it responds. */
export async function startPrometheus(folder: MonitoringFolder): Promise<RunningPrometheus> {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const server = startProcess(
    'prometheus',
    [
      `--config.file=${path.join(folder.path, 'prometheus.yml')}`,
      `--storage.tsdb.path=${path.join(folder.path, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { name: 'prometheus' },
  );
  try {
    await server.waitUntil(
      'prometheus is ready',
      async () => (await fetch(`${url}/-/ready`).catch(() => null))?.ok === true,
    );
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    query: (expression) => queryPrometheus(url, expression),
    stop: () => server.stop(),
  };
}

/** The values of an instant query, one for each series. Throws the error of Prometheus for an invalid query. */
export async function queryPrometheus(url: string, expression: string): Promise<number[]> {
  const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expression })}`);
  const result = responseSchema.parse(await response.json());
  if (result.status === 'error') throw new Error(`${expression}: ${result.error}`);
  return result.data.result.map(({ value: [, text] }) => Number(text));
}
