import assert from 'node:assert/strict';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { Models } from '../../server/src/db/models.ts';
import { type ApiResponse, type ApiUser, DocumentedApi } from './apiClient.ts';
import { openDistributed } from './distributed.ts';
import { addQuickAccount } from './quickAccount.ts';
import { startTestServer } from './server.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
/** The limits that are raced for are low, the others off: races are many calls at once. */
const ENV = {
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
  API_CALLS_PER_SECOND: '0',
  SIGN_INS_PER_MINUTE: '0',
  REGISTRATIONS_PER_HOUR: '0',
  UNFINISHED_UPLOADS_PER_HOUR: '40',
  // calls may name the address that they come from
  TRUST_PROXY: '1',
};

/** A whole system that calls race on; no worker takes its tasks. */
export interface RaceStage {
  /** The servers that share one database: calls take turns with them. */
  readonly apis: readonly DocumentedApi[];
  readonly models: Models;
  readonly store: ObjectStore;
  readonly boss: ApiUser;
  /** An account of its own, whose password is checked at once. */
  addUser(): Promise<ApiUser>;
  /** The same person on another server, where there is one. */
  elsewhere(user: ApiUser): ApiUser;
  close(): Promise<void>;
}

export async function openSqliteStage(): Promise<RaceStage> {
  const server = await startTestServer({ env: ENV });
  const { database, store } = server.context;
  return toStage([server.url], { models: database.models, store, close: () => server.stop() });
}

/** Two servers. */
export async function openMariaDbStage(): Promise<RaceStage> {
  const farm = await openDistributed({ env: ENV });
  try {
    const servers = await Promise.all([farm.startServer(), farm.startServer()]);
    const close = () => farm.dispose();
    return await toStage(
      servers.map(({ url }) => url),
      { models: farm.database.models, store: farm.store, close },
    );
  } catch (error) {
    await farm.dispose();
    throw error;
  }
}

async function toStage(
  urls: readonly string[],
  parts: Pick<RaceStage, 'models' | 'store' | 'close'>,
): Promise<RaceStage> {
  const apis = await Promise.all(urls.map((url) => DocumentedApi.of(url)));
  const [first, last] = [apis[0], apis.at(-1)];
  assert.ok(first && last);
  let accounts = 0;
  return {
    ...parts,
    apis,
    boss: await first.logIn(ADMIN),
    async addUser() {
      accounts += 1;
      return first.logIn(await addQuickAccount(parts.models, `racer-${accounts}`));
    },
    elsewhere: (user) => ({
      ...user,
      call: (method, path, options = {}) => last.call(method, path, { token: user.token, ...options }),
    }),
  };
}

/** How a call ended: its status, with the code of a failure. */
export function outcomeOf(response: ApiResponse): string {
  return response.status < 400 ? String(response.status) : `${response.status} ${response.error.code}`;
}

/** Runs `round` so many times, a few of them at once. */
export async function repeat<T>(
  times: number,
  round: (index: number) => Promise<T>,
  atOnce = 6,
): Promise<T[]> {
  const results: T[] = [];
  for (let start = 0; start < times; start += atOnce) {
    const indexes = Array.from({ length: Math.min(atOnce, times - start) }, (_, index) => start + index);
    results.push(...(await Promise.all(indexes.map(round))));
  }
  return results;
}
