import type { JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { Secrets } from '../context/secrets.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { DatabaseLocation } from '../db/database.ts';

/** What a profile is given. */
export interface ProfileInput {
  config: ServerConfig;
  logger: Logger;
  /** Address of the API as clients reach it. */
  publicUrl: string;
  /** Address of the API for the processes of this machine. */
  localUrl: string;
}

/** What a profile decides. Whoever builds it closes `store` and `queue`, and calls `release` last. */
export interface ProfileParts {
  secrets: Secrets;
  store: ObjectStore;
  queue: JobQueue;
  storeHandlers: ServerContext['storeHandlers'];
  /**
   * What has to be there: each may be called again and throws `unavailable` while it is not, and ConfigError where it
   * refuses this server.
   */
  prepare: { store(): Promise<void>; queue(): Promise<void> };
  /** Gives back what else the profile has taken. */
  release(): void;
  /** What else the server runs once it serves; registers how it is stopped. */
  startCompanions(cleanupStack: CleanupStack): Promise<void>;
}

/** What a profile needs to know to open its store. */
export type StoreInput = Omit<ProfileInput, 'logger'>;

export interface Profile {
  locateDatabase(config: ServerConfig): DatabaseLocation;
  readSecrets(config: ServerConfig): Promise<Secrets>;
  /** The store alone. Whoever opens it closes it. */
  openStore(input: StoreInput, secrets: Secrets): Promise<ObjectStore>;
  /** Waits for nothing that is another machine's. */
  build(input: ProfileInput): Promise<ProfileParts>;
}
