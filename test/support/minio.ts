import { randomBytes } from 'node:crypto';
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { findBuiltProgram } from './cacheFolder.ts';
import type { ServerCertificate } from './privateCa.ts';
import { findFreePort, makeTemporaryFolder, type RunningProcess, startProcess } from './processes.ts';

/** A MinIO and who may use it. */
export interface MinioAccess {
  /** `http://127.0.0.1:port`, or `https://localhost:port` */
  endpoint: string;
  accessKey: string;
  secretKey: string;
  /** Ends the server and removes its data, where it was started for the caller. */
  stop(): Promise<void>;
}

/** Its data survive `kill` and `start`. */
export interface RunningMinio extends MinioAccess {
  /** The server's process. */
  readonly pid: number;
  /** A crash. */
  kill(): Promise<void>;
  /** Ends the server; its data stay. */
  halt(): Promise<void>;
  /** Starts it again after `halt` or `kill`, on the same port and data. */
  start(): Promise<void>;
}

/**
 * Starts a MinIO of its own on a free port with an empty data folder, made in `parentFolder` (the system's temporary
 * folder by default), and waits until it serves. With a certificate it serves https; this process must trust its CA. With
 * `encrypted` it encrypts every object with a key of its own, so that no ETag is an MD5.
 */
export async function startMinio(
  parentFolder?: string,
  tls?: ServerCertificate,
  { encrypted = false }: { encrypted?: boolean } = {},
): Promise<RunningMinio> {
  const program = await findBuiltProgram('minio');
  const { path: folder, remove } = await makeTemporaryFolder('minio', parentFolder);
  const port = await findFreePort();
  const accessKey = 'reelmill-test';
  const secretKey = randomBytes(20).toString('hex');
  const encryption = encrypted
    ? {
        MINIO_KMS_SECRET_KEY: `test:${randomBytes(32).toString('base64')}`,
        MINIO_KMS_AUTO_ENCRYPTION: 'on',
      }
    : {};
  const certificates = path.join(folder, 'certs');
  await mkdir(certificates);
  if (tls !== undefined) {
    await copyFile(tls.certFile, path.join(certificates, 'public.crt'));
    await copyFile(tls.keyFile, path.join(certificates, 'private.key'));
  }
  const endpoint = tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
  let server: RunningProcess | undefined;
  const start = async (): Promise<void> => {
    const address = ['--address', `127.0.0.1:${port}`, '--certs-dir', certificates];
    server = startProcess(program, ['server', '--quiet', ...address, path.join(folder, 'data')], {
      name: 'minio',
      cwd: folder,
      env: {
        MINIO_ROOT_USER: accessKey,
        MINIO_ROOT_PASSWORD: secretKey,
        MINIO_UPDATE: 'off',
        MINIO_BROWSER: 'off',
        ...encryption,
      },
    });
    await server.waitUntil('its health check to pass', async () => {
      const response = await fetch(`${endpoint}/minio/health/cluster`, {
        signal: AbortSignal.timeout(2_000),
      });
      return response.ok;
    });
  };
  const halt = async (): Promise<void> => server?.stop();
  const stop = async (): Promise<void> => {
    await halt();
    await remove();
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    endpoint,
    accessKey,
    secretKey,
    get pid() {
      return server?.pid ?? -1;
    },
    kill: async () => server?.kill(),
    halt,
    start,
    stop,
  };
}

/** The same with its one user as the signer of public URLs, for tests that are not about rights. */
export function signedByOwner<T extends { accessKey: string; secretKey: string }>(access: T) {
  const { accessKey, secretKey } = access;
  const owner = { accessKey, secretKey };
  return { ...access, publicSigners: { upload: owner, playback: owner } };
}

/** The MinIO of this run, for tests that only use it, or one of their own where there is none. Buckets must be unique. */
export async function useMinio(): Promise<MinioAccess> {
  const { REELMILL_TEST_S3_ENDPOINT, REELMILL_TEST_S3_ACCESS_KEY, REELMILL_TEST_S3_SECRET_KEY } = process.env;
  if (!REELMILL_TEST_S3_ENDPOINT || !REELMILL_TEST_S3_ACCESS_KEY || !REELMILL_TEST_S3_SECRET_KEY) {
    return startMinio();
  }
  return {
    endpoint: REELMILL_TEST_S3_ENDPOINT,
    accessKey: REELMILL_TEST_S3_ACCESS_KEY,
    secretKey: REELMILL_TEST_S3_SECRET_KEY,
    stop: async () => undefined,
  };
}
