import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { type Farm, farmSchema } from '@reelmill/shared/contracts/admin.ts';
import { z } from 'zod';
import { DocumentedApi } from '../support/apiClient.ts';
import { findFreePort, makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { runCommand } from './command.ts';
import { type Docker, useDocker } from './docker.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const COMPOSE_FILE = path.join(ROOT, 'docker-compose.yml');
const FILE_OPTIONS = ['--file', COMPOSE_FILE, '--file', path.join(import.meta.dirname, 'override.yml')];
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
export class ComposeFarm {
  readonly docker: Docker;
  readonly project: string;
  readonly envFile: string;
  /** Of the API. */
  readonly url: string;
  readonly #admin: Credentials;
  readonly #folder: TemporaryFolder;
  #token: string | undefined;

  private constructor(parts: { folder: TemporaryFolder; envFile: string; url: string; admin: Credentials }) {
    this.docker = useDocker();
    this.project = `reelmill-test-${randomBytes(3).toString('hex')}`;
    this.envFile = parts.envFile;
    this.url = parts.url;
    this.#admin = parts.admin;
    this.#folder = parts.folder;
  }

  /** Prepares a project with an `.env` of its own; `settings` are added to it. Nothing is started yet. */
  static async open(settings: Record<string, string> = {}): Promise<ComposeFarm> {
    const folder = await makeTemporaryFolder('compose');
    const envFile = path.join(folder.path, '.env');
    const [apiPort, storePort] = [await findFreePort(), await findFreePort()];
    const admin = { email: 'admin@example.org', password: randomBytes(12).toString('hex') };
    const url = `http://127.0.0.1:${apiPort}`;
    await initSecrets(envFile);
    await addSettings(envFile, {
      API_PORT: String(apiPort),
      STORE_PORT: String(storePort),
      PUBLIC_URL: url,
      STORE_PUBLIC_URL: `http://127.0.0.1:${storePort}`,
      REGISTRATION: 'open',
      ADMIN_EMAIL: admin.email,
      ADMIN_PASSWORD: admin.password,
      ...settings,
    });
    return new ComposeFarm({ folder, envFile, url, admin });
  }

  compose(args: readonly string[]): ReturnType<Docker['compose']> {
    return this.docker.compose([...this.#projectOptions, '--env-file', this.envFile, ...args]);
  }

  /** For the scripts of `deploy/compose`, which call compose themselves. */
  scriptEnv(): Record<string, string> {
    return {
      ...this.docker.env,
      COMPOSE: [this.docker.composeProgram, ...this.#projectOptions].join(' '),
      COMPOSE_ENV_FILES: this.envFile,
    };
  }

  get #projectOptions(): string[] {
    return ['--project-name', this.project, '--project-directory', ROOT, ...FILE_OPTIONS];
  }

  async up(args: readonly string[]): Promise<void> {
    await this.compose(['up', '--detach', '--no-build', ...args]);
  }

  /** Containers of a service, those that have ended too. */
  async containers(service: string): Promise<Container[]> {
    const labels = [`com.docker.compose.project=${this.project}`, `com.docker.compose.service=${service}`];
    const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
    const { stdout } = await this.docker.run(['ps', '--all', '--quiet', '--no-trunc', ...filters]);
    const ids = stdout.split('\n').filter((id) => id !== '');
    if (ids.length === 0) return [];
    const inspected = await this.docker.run(['inspect', ...ids]);
    return z.array(containerSchema).parse(JSON.parse(inspected.stdout));
  }

  /** The one container of a service. */
  async container(service: string): Promise<Container> {
    const [first, ...others] = await this.containers(service);
    assert.ok(first !== undefined && others.length === 0, `${service} has not exactly one container`);
    return first;
  }

  /** Resolves when a service has so many containers, all of them healthy. */
  waitHealthy(service: string, count: number): Promise<Container[]> {
    return waitFor(
      `${count} healthy containers of ${service}`,
      async () => {
        const all = await this.containers(service);
        const healthy = all.filter(({ State }) => State.Health?.Status === 'healthy');
        return all.length === count && healthy.length === count ? healthy : null;
      },
      { timeoutMs: HEALTHY_MS, pollMs: 100 },
    );
  }

  /** Runs a program in a container and answers what it printed; throws where it fails. */
  async exec({ Id }: Container, command: readonly string[]): Promise<string> {
    return (await this.docker.run(['exec', Id, ...command])).stdout;
  }

  /** How many of the video's tasks were tried again, says the database. */
  async countRetries(videoId: number): Promise<number> {
    const query = `SELECT COUNT(*) FROM tasks WHERE video_id = ${videoId} AND attempt > 0`;
    const ask = `MYSQL_PWD="$MYSQL_PASSWORD" mysql -u reelmill reelmill -N -e '${query}'`;
    return Number(await this.exec(await this.container('mysql'), ['sh', '-c', ask]));
  }

  /** What an admin sees. */
  async look(): Promise<Farm> {
    const api = await DocumentedApi.of(this.url);
    const ask = () => api.call('GET', '/admin/farm', { token: this.#token });
    const answer = this.#token === undefined ? undefined : await ask();
    if (answer?.status === 200) return answer.as(farmSchema);
    // the first time, and when the token has run out
    this.#token = (await api.logIn(this.#admin)).token;
    return (await ask()).as(farmSchema);
  }

  /** Removes containers, volumes and networks. */
  async down(): Promise<void> {
    await this.compose(['--profile', '*', 'down', '--volumes', '--remove-orphans', '--timeout', '20']);
    await this.#folder.remove();
  }
}

interface Credentials {
  email: string;
  password: string;
}

/** Builds the project's own images. */
export async function buildImages(docker: Docker): Promise<void> {
  const folder = await makeTemporaryFolder('compose');
  const envFile = path.join(folder.path, '.env');
  try {
    await initSecrets(envFile);
    await docker.compose(['--env-file', envFile, '--project-directory', ROOT, ...FILE_OPTIONS, 'build'], {
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
