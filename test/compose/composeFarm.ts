import { randomBytes } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { type Farm, farmSchema } from '@reelmill/shared/contracts/admin.ts';
import { z } from 'zod';
import { DocumentedApi } from '../support/apiClient.ts';
import { findFreePort, makeTemporaryFolder, waitFor } from '../support/processes.ts';
import { type CommandOptions, runCommand } from './command.ts';
import { type Docker, useDocker } from './docker.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
export const COMPOSE_FILE = path.join(ROOT, 'docker-compose.yml');
const FILES = [COMPOSE_FILE, path.join(import.meta.dirname, 'override.yml')];
const HEALTHY_MS = 180_000;
const BUILD_MS = 30 * 60_000;

const containerSchema = z.object({
  Id: z.string(),
  Name: z.string(),
  RestartCount: z.number(),
  State: z.object({
    Status: z.string(),
    Pid: z.number(),
    ExitCode: z.number(),
    OOMKilled: z.boolean(),
    Health: z.object({ Status: z.string() }).optional(),
  }),
  Config: z.object({ Hostname: z.string(), User: z.string() }),
  HostConfig: z.object({ ReadonlyRootfs: z.boolean(), NanoCpus: z.number(), Memory: z.number() }),
  NetworkSettings: z.object({
    Ports: z.record(z.string(), z.array(z.object({ HostPort: z.string() })).nullable()),
    Networks: z.record(z.string(), z.object({ IPAddress: z.string() })),
  }),
});
/** What `docker inspect` says of a container. */
export type Container = z.infer<typeof containerSchema>;

/** The whole system under compose, with secrets of its own. */
export interface ComposeFarm {
  readonly docker: Docker;
  readonly project: string;
  /** Of the API. */
  readonly url: string;
  readonly envFile: string;
  compose(args: readonly string[], options?: CommandOptions): ReturnType<Docker['compose']>;
  /** Containers of a service, those that have ended too. */
  containers(service: string): Promise<Container[]>;
  /** Runs a program in a container; throws where it fails. */
  exec(container: Container, command: readonly string[]): Promise<string>;
  /** Starts everything and resolves when every container of the service is healthy. */
  up(args: readonly string[]): Promise<void>;
  waitHealthy(service: string, count: number): Promise<Container[]>;
  /** What an admin sees. */
  look(): Promise<Farm>;
  /** Removes containers, volumes and networks. */
  down(): Promise<void>;
}

/** Prepares a project with an `.env` of its own; `settings` are added to it. Nothing is started yet. */
export async function openComposeFarm(settings: Record<string, string> = {}): Promise<ComposeFarm> {
  const docker = useDocker();
  const folder = await makeTemporaryFolder('compose');
  const project = `reelmill-test-${randomBytes(3).toString('hex')}`;
  const envFile = path.join(folder.path, '.env');
  const [apiPort, storePort] = [await findFreePort(), await findFreePort()];
  const admin = { email: 'admin@example.org', password: randomBytes(12).toString('hex') };
  await initSecrets(envFile);
  await addSettings(envFile, {
    API_PORT: String(apiPort),
    STORE_PORT: String(storePort),
    PUBLIC_URL: `http://127.0.0.1:${apiPort}`,
    STORE_PUBLIC_URL: `http://127.0.0.1:${storePort}`,
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
    ...settings,
  });
  const url = `http://127.0.0.1:${apiPort}`;
  const prefix = ['--project-name', project, '--project-directory', ROOT, '--env-file', envFile];
  const compose: ComposeFarm['compose'] = (args, options) =>
    docker.compose([...prefix, ...FILES.flatMap((file) => ['--file', file]), ...args], options);
  const containers = async (service: string): Promise<Container[]> => {
    const labels = [`com.docker.compose.project=${project}`, `com.docker.compose.service=${service}`];
    const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
    const { stdout } = await docker.run(['ps', '--all', '--quiet', '--no-trunc', ...filters]);
    const ids = stdout.split('\n').filter((id) => id !== '');
    if (ids.length === 0) return [];
    const inspected = await docker.run(['inspect', ...ids]);
    return z.array(containerSchema).parse(JSON.parse(inspected.stdout));
  };
  const waitHealthy = (service: string, count: number): Promise<Container[]> =>
    waitFor(
      `${count} healthy containers of ${service}`,
      async () => {
        const all = await containers(service);
        const healthy = all.filter(({ State }) => State.Health?.Status === 'healthy');
        return all.length === count && healthy.length === count ? healthy : null;
      },
      { timeoutMs: HEALTHY_MS, pollMs: 100 },
    );
  let token: string | undefined;
  return {
    docker,
    project,
    url,
    envFile,
    compose,
    containers,
    waitHealthy,
    exec: async ({ Id }, command) => (await docker.run(['exec', Id, ...command])).stdout,
    up: async (args) => {
      await compose(['up', '--detach', '--no-build', ...args]);
    },
    async look() {
      const api = await DocumentedApi.of(url);
      const ask = () => api.call('GET', '/admin/farm', { token });
      const answer = token === undefined ? undefined : await ask();
      if (answer?.status === 200) return answer.as(farmSchema);
      // the first time, and when the token has run out
      token = (await api.logIn(admin)).token;
      return (await ask()).as(farmSchema);
    },
    async down() {
      await compose(['down', '--volumes', '--remove-orphans', '--timeout', '20']);
      await folder.remove();
    },
  };
}

/** Builds the project's own images. */
export async function buildImages(docker: Docker): Promise<void> {
  const folder = await makeTemporaryFolder('compose');
  const envFile = path.join(folder.path, '.env');
  try {
    await initSecrets(envFile);
    const files = FILES.flatMap((file) => ['--file', file]);
    await docker.compose(['--env-file', envFile, '--project-directory', ROOT, ...files, 'build'], {
      timeoutMs: BUILD_MS,
    });
  } finally {
    await folder.remove();
  }
}

/** As an admin does, but not into the `.env` of this tree. */
async function initSecrets(envFile: string): Promise<void> {
  await runCommand(process.execPath, [path.join(ROOT, 'scripts/compose-init.mjs'), envFile]);
}

/** The last line for a name counts. */
export async function addSettings(envFile: string, settings: Record<string, string>): Promise<void> {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await appendFile(envFile, lines.join(''));
}
