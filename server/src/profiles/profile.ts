import type { JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { Secrets } from '../context/secrets.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { DatabaseLocation } from '../db/database.ts';

/** The input of a profile. */
export interface ProfileInput {
  config: ServerConfig;
  logger: Logger;
  /** Address of the API as clients reach it. */
  publicUrl: string;
  /** Address of the API for the processes of this machine. */
  localUrl: string;
}

/** What a profile decides. The caller closes `store` and `queue`, and calls `release` last. */
export interface ProfileParts {
  secrets: Secrets;
  store: ObjectStore;
  queue: JobQueue;
  storeHandlers: ServerContext['storeHandlers'];
  /**
   * Checks the dependencies. Each function can be called again, throws `unavailable` while its dependency is, and
   * ConfigError where that rejects this server.
   */
  prepare: { store(): Promise<void>; queue(): Promise<void> };
  /** Releases the other resources of the profile. */
  release(): void;
  /** Starts what else the server runs once it serves, and adds it to the cleanup stack. */
  startCompanions(cleanupStack: CleanupStack): Promise<void>;
}

/** The input of `openStore`. */
export type StoreInput = Omit<ProfileInput, 'logger'>;

export interface Profile {
  locateDatabase(config: ServerConfig): DatabaseLocation;
  readSecrets(config: ServerConfig): Promise<Secrets>;
  /** Opens only the store. The caller closes it. */
  openStore(input: StoreInput, secrets: Secrets): Promise<ObjectStore>;
  /** Does not wait for dependencies on other machines. */
  build(input: ProfileInput): Promise<ProfileParts>;
}
