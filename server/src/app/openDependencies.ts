import { setTimeout as pause } from 'node:timers/promises';
import { type DependencyLog, waitForDependency } from '@reelmill/shared/runtime/dependencies.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Database } from '../db/database.ts';
import type { ProfileParts } from '../profiles/profile.ts';

/** How long a server waits for a broker that does not respond at all before it serves without it. */
const BROKER_WAIT_MS = 10_000;

export interface WaitOptions {
  prepare: ProfileParts['prepare'];
  openDatabase(): Promise<Database>;
  /** Ends the wait. */
  signal: AbortSignal;
  log: DependencyLog;
  /** Dependencies are removed from it as they become available. */
  missing: Set<string>;
}

/**
 * Waits for database and store, without a limit. Does not wait for a broker that is unavailable: requests are served
 * without it. Throws ConfigError as soon as one of the three rejects this server.
 */
export async function openDependencies(options: WaitOptions): Promise<Database> {
  const { prepare, log, missing } = options;
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const wait = async <T>(name: string, open: () => Promise<T>, ownLog?: DependencyLog): Promise<T> => {
    const opened = await waitForDependency(name, open, { signal, ...(ownLog && { log: ownLog }) });
    missing.delete(name);
    return opened;
  };
  const brokerTried = Promise.withResolvers<void>();
  // its driver logs its state itself
  const broker = wait('queue', () =>
    prepare.queue().catch((error: unknown) => {
      if (error instanceof ReelmillError) brokerTried.resolve();
      throw error;
    }),
  );
  const brokerWait = pause(BROKER_WAIT_MS, undefined, { signal: ended.signal, ref: false });
  const rejections = broker.catch((error: unknown) => {
    if (!ended.signal.aborted) throw error;
  });
  let database: Database | undefined;
  const openDatabase = async (): Promise<Database> => {
    database = await openUnlessEnded(options.openDatabase, signal);
    return database;
  };
  try {
    const opened = Promise.all([
      wait('database', openDatabase, log),
      wait('store', prepare.store, log),
      Promise.race([broker, brokerTried.promise, brokerWait.catch(() => undefined)]),
    ]);
    // a rejection by the broker counts as long as it waits for the others
    const [result] = await Promise.race([opened, rejections.then(() => opened)]);
    return result;
  } catch (error) {
    await database?.close();
    throw error;
  } finally {
    ended.abort();
  }
}

/** Closes a database that opens after the wait has ended. */
async function openUnlessEnded(open: () => Promise<Database>, signal: AbortSignal): Promise<Database> {
  const database = await open();
  if (signal.aborted) await database.close();
  signal.throwIfAborted();
  return database;
}
