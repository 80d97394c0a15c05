import type { JobQueue } from '@reelmill/shared/ports/jobQueue.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import type { DependencyLog } from '@reelmill/shared/runtime/dependencies.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { RequestHandler } from 'express';
import type { Database } from '../db/database.ts';
import type { PlaybackUrls } from '../signing/playbackUrls.ts';
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
  /** Signals what a request has changed to the farm and the open event streams of this process. */
  readonly signals: FarmSignals;
  readonly secrets: Secrets;
  readonly playbackUrls: PlaybackUrls;
  /** Address of the API as clients reach it, without a slash at the end. */
  readonly publicUrl: string;
  readonly version: string;
  /** Aborted when the server stops; ends responses that do not end by themselves, such as event streams. */
  readonly stopping: AbortSignal;
  /** Handlers of the store's own URLs, where the store has no HTTP server of its own. */
  readonly storeHandlers: readonly { path: string; handler: RequestHandler }[];
}
