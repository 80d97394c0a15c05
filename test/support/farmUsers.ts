import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { CACHE_BIN, findBuiltProgram } from './cacheFolder.ts';
import type { MinioAccess } from './minio.ts';
import { makeTemporaryFolder } from './processes.ts';
import type { BrokerDefinitions } from './rabbitmq.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SET_UP = path.join(ROOT, 'deploy/compose/minio/set-up.sh');
const TIMEOUT_MS = 60_000;

export interface StoreUser {
  accessKey: string;
  secretKey: string;
}

const USERS = ['server', 'worker', 'upload', 'playback'] as const;
export type StoreUsers = Record<(typeof USERS)[number], StoreUser>;

/** Gives a MinIO the bucket `reelmill` and the users that it has under compose, by the script that compose runs. */
export async function setUpStore(minio: MinioAccess): Promise<StoreUsers> {
  await findBuiltProgram('mc');
  const [server, worker, upload, playback] = USERS.map((name) => ({
    accessKey: `reelmill-${name}`,
    secretKey: makeSecret(),
  }));
  assert.ok(server && worker && upload && playback);
  const folder = await makeTemporaryFolder('mc');
  try {
    await promisify(execFile)(SET_UP, {
      env: {
        PATH: `${CACHE_BIN}:${process.env.PATH}`,
        TMPDIR: folder.path,
        MC_HOST_store: minio.endpoint.replace('//', `//${minio.accessKey}:${minio.secretKey}@`),
        SERVER_SECRET_KEY: server.secretKey,
        WORKER_SECRET_KEY: worker.secretKey,
        UPLOAD_SECRET_KEY: upload.secretKey,
        PLAYBACK_SECRET_KEY: playback.secretKey,
      },
      timeout: TIMEOUT_MS,
    });
  } finally {
    await folder.remove();
  }
  return { server, worker, upload, playback };
}

const composeSchema = z.object({
  configs: z.object({ 'rabbitmq-definitions': z.object({ content: z.string() }) }),
});

/** The broker's users and their rights as they are under compose, with passwords made up for this call. */
export async function composeDefinitions(): Promise<BrokerDefinitions> {
  const file: unknown = parse(await readFile(path.join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true });
  const { content } = composeSchema.parse(file).configs['rabbitmq-definitions'];
  // as compose reads it: `${NAME:?...}` is a secret, `$$` a dollar
  return JSON.parse(content.replace(/\$\{\w+:\?[^}]*\}/g, makeSecret).replaceAll('$$', '$'));
}

function makeSecret(): string {
  return randomBytes(32).toString('hex');
}
