import type { JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { Database } from '../db/database.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { FarmSignals } from './farmSignals.ts';

/** The default limits of the farm's work for one user. */
export type ProcessingConfig = Pick<
  ServerConfig,
  'QUOTA_RUNNING_TASKS' | 'QUOTA_QUEUED_MINUTES' | 'QUOTA_DAILY_MINUTES'
>;

/** What the services of the farm need; a `ServerContext` is one. */
export interface FarmContext {
  readonly config: Pick<ServerConfig, 'TASK_ATTEMPTS' | 'LEASE_SECONDS' | 'CHUNK_SECONDS'> & ProcessingConfig;
  readonly logger: Logger;
  readonly database: Database;
  readonly store: ObjectStore;
  readonly queue: JobQueue;
  readonly metrics: Metrics;
  readonly signals: FarmSignals;
}
