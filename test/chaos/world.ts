import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import type { Database } from '../../server/src/db/database.ts';
import type { Fault } from './faults.ts';
import type { Program } from './program.ts';
import type { Timeline } from './timeline.ts';

export const ADMIN = { email: 'admin@chaos.example', password: 'password of the chaos admin' };
export const LEASE_SECONDS = 8;

/** What the servers of both profiles are started with: short leases and chunks, and no limit that the load would meet. */
export const COMMON_ENV = {
  LOG_LEVEL: 'info',
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
  CHUNK_SECONDS: '5',
  LEASE_SECONDS: String(LEASE_SECONDS),
  URL_TTL_SECONDS: '300',
  API_CALLS_PER_SECOND: '0',
  SIGN_INS_PER_MINUTE: '0',
  REGISTRATIONS_PER_HOUR: '0',
  UNFINISHED_UPLOADS_PER_HOUR: '0',
  SINGLE_UPLOADS_PER_USER: '1000',
  WEBHOOK_ALLOW_HTTP: 'true',
  WEBHOOK_ALLOW_PRIVATE: 'true',
  WEBHOOK_TIMEOUT_SECONDS: '5',
  MIN_FREE_BYTES: '1048576',
};

/** Database, objects and scratch folders as they are once every program has stopped. */
export interface Remains {
  database: Database;
  store: ObjectStore;
  config: ServerConfig;
  close(): Promise<void>;
}

/** A whole system of one profile that can be hurt, and healed again. */
export interface World {
  /** The API as creators reach it, without a slash at the end. */
  readonly apiUrl: string;
  /** Servers and workers. */
  readonly programs: readonly Program[];
  readonly faults: readonly Fault[];
  /** What this machine does not allow, for people. */
  readonly leftOut: readonly string[];
  /** Where workers keep their scratch folders. */
  readonly scratchFolders: readonly string[];
  /** Is in the command line, folder or environment of everything that was started. */
  readonly mark: string;
  /** Ends every fault; starts what is down, with the right clock. */
  heal(): Promise<void>;
  /** Stops servers and workers as an admin would. Returns the names of those that did not end in order. */
  stop(): Promise<string[]>;
  /** To be called after `stop`. */
  openRemains(): Promise<Remains>;
  /** Ends everything and removes the data. */
  dispose(): Promise<void>;
}

export interface WorldOptions {
  /** For data; removed by `dispose`. */
  folder: string;
  logFolder: string;
  timeline: Timeline;
}
