import { randomBytes } from 'node:crypto';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { findFreePort, startProcess } from './processes.ts';

export interface RunningMinio {
  /** `http://127.0.0.1:port` */
  endpoint: string;
  accessKey: string;
  secretKey: string;
  /** The server's process. */
  pid: number;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts a MinIO of its own on a free port with an empty data folder, made in `parentFolder` (the system's temporary
 * folder by default), and waits until it serves.
 */
export async function startMinio(parentFolder = tmpdir()): Promise<RunningMinio> {
  const program = await findProgram();
  const folder = await mkdtemp(path.join(parentFolder, 'reelmill-minio-'));
  const port = await findFreePort();
  const accessKey = 'reelmill-test';
  const secretKey = randomBytes(20).toString('hex');
  const server = startProcess(
    program,
    [
      'server',
      '--quiet',
      '--address',
      `127.0.0.1:${port}`,
      '--certs-dir',
      path.join(folder, 'certs'),
      path.join(folder, 'data'),
    ],
    {
      name: 'minio',
      cwd: folder,
      env: {
        MINIO_ROOT_USER: accessKey,
        MINIO_ROOT_PASSWORD: secretKey,
        MINIO_UPDATE: 'off',
        MINIO_BROWSER: 'off',
      },
    },
  );
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await server.waitUntil('its health check to pass', async () => {
      const answer = await fetch(`${endpoint}/minio/health/cluster`, { signal: AbortSignal.timeout(2_000) });
      return answer.ok;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, accessKey, secretKey, pid: server.pid, stop };
}

async function findProgram(): Promise<string> {
  const cache = process.env.REELMILL_CACHE ?? path.join(homedir(), '.cache', 'reelmill');
  const program = path.join(cache, 'bin', 'minio');
  try {
    await access(program);
  } catch (cause) {
    throw new Error(`There is no MinIO at ${program}; \`npm test\` builds it.`, { cause });
  }
  return program;
}
