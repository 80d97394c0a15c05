import path from 'node:path';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { Models } from '../../server/src/db/models.ts';
import { startTestServer } from './server.ts';

/** A whole system of one profile, with what lies behind its API. */
export interface ProfileUnderTest {
  /** Of the API, without a slash at the end. */
  readonly url: string;
  readonly store: ObjectStore;
  readonly models: Models;
  /** Where the workers keep their scratch folders. */
  readonly workDir: string;
  readonly workerIds: readonly string[];
  /** What its processes said last. */
  lastLines(): string;
  stop(): Promise<void>;
}

/** The first admin of every profile. */
export const ADMIN = { email: 'admin@example.org', password: 'password of the admin' };

/** Chunks so short that a sample of some seconds is cut into several. */
export const PROFILE_ENV = {
  CHUNK_SECONDS: '5',
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
};

/** SQLite, a directory and the in-process queue, with the worker as a child of the server. */
export async function openStandalone(): Promise<ProfileUnderTest> {
  const server = await startTestServer({ env: { ...PROFILE_ENV, EMBEDDED_WORKER: 'true' } });
  return {
    url: server.url,
    store: server.context.store,
    models: server.context.database.models,
    workDir: path.join(server.dataDir, 'work'),
    workerIds: ['embedded'],
    lastLines: () => server.logLines().slice(-40).join(''),
    stop: () => server.stop(),
  };
}
