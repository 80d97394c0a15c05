import type { JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import type { DependencyLog } from '@reelmill/shared/runtime/dependencies.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { RequestHandler } from 'express';
import type { Database } from '../db/database.ts';
import type { PlaybackUrls } from '../signing/urls.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { FarmSignals } from './farmSignals.ts';
import type { Secrets } from './secrets.ts';

/** Everything a request handler or a background service may use. Built once, by the profile. */
export interface ServerContext {
  readonly config: ServerConfig;
  readonly logger: Logger;
  readonly database: Database;
  readonly store: ObjectStore;
  readonly queue: JobQueue;
  readonly metrics: Metrics;
  readonly dependencyLog: DependencyLog;
  /** Tells the farm and the open event streams of this process what a request has changed. */
  readonly signals: FarmSignals;
  readonly secrets: Secrets;
  readonly playbackUrls: PlaybackUrls;
  /** Address of the API as clients reach it, without a slash at the end. */
  readonly publicUrl: string;
  readonly version: string;
  /** Aborted when the server stops: answers that never end by themselves end then. */
  readonly stopping: AbortSignal;
  /** Serves what the store itself offers over HTTP, where it has no server of its own. */
  readonly storeHandlers: readonly { path: string; handler: RequestHandler }[];
}
