import { setTimeout as pause } from 'node:timers/promises';
import { type DependencyLog, waitForDependency } from '@reelmill/shared/runtime/dependencies.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Database } from '../db/database.ts';
import type { ProfileParts } from '../profiles/profile.ts';

/** So long a broker that does not answer at all keeps a server from serving without it. */
const BROKER_WAIT_MS = 10_000;

export interface WaitOptions {
  prepare: ProfileParts['prepare'];
  openDatabase(): Promise<Database>;
  /** Ends the wait. */
  signal: AbortSignal;
  log: DependencyLog;
  /** Each is taken out of it when it is there. */
  missing: Set<string>;
}

/**
 * Waits for database and store, for as long as it takes. A broker that is away is not waited for: requests are served
 * without it. Throws ConfigError as soon as one of the three refuses this server.
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
  const brokerAsked = Promise.withResolvers<void>();
  // its driver logs by itself whether it is there
  const broker = wait('queue', () =>
    prepare.queue().catch((error: unknown) => {
      if (error instanceof ReelmillError) brokerAsked.resolve();
      throw error;
    }),
  );
  const brokerWait = pause(BROKER_WAIT_MS, undefined, { signal: ended.signal, ref: false });
  const refusals = broker.catch((error: unknown) => {
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
      Promise.race([broker, brokerAsked.promise, brokerWait.catch(() => undefined)]),
    ]);
    // a refusal of the broker counts for as long as the others are waited for
    const [result] = await Promise.race([opened, refusals.then(() => opened)]);
    return result;
  } catch (error) {
    await database?.close();
    throw error;
  } finally {
    ended.abort();
  }
}

/** A database that opens when nobody waits for it any more is closed again. */
async function openUnlessEnded(open: () => Promise<Database>, signal: AbortSignal): Promise<Database> {
  const database = await open();
  if (signal.aborted) await database.close();
  signal.throwIfAborted();
  return database;
}
