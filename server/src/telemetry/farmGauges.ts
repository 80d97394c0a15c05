import { type FarmWorker, farmWorkerSchema } from '@reelmill/shared/contracts/admin.ts';
import { type RetentionJobName, retentionJobNameSchema } from '@reelmill/shared/contracts/retention.ts';
import type { TaskState } from '@reelmill/shared/contracts/tasks.ts';
import {
  type VideoStatus,
  videoStatusSchema,
  type WaitingReason,
} from '@reelmill/shared/contracts/videos.ts';
import type { QueueDepth } from '@reelmill/shared/ports/jobQueue.ts';
import type { StoreSpace } from '@reelmill/shared/ports/objectStore.ts';
import { Gauge, Registry } from 'prom-client';

/** Counts from the database. */
export interface FarmCounts {
  tasks: Record<TaskState, number>;
  /** Tasks in quarantine: they lost several leases in a row. */
  quarantined: number;
  /** Tasks whose last attempts farm faults have ended, by what they wait for. */
  waiting: Record<WaitingReason, number>;
  /** States without a worker may be missing. */
  workers: Partial<Record<FarmWorker['state'], number>>;
  /** States without a video may be missing. */
  videos: Partial<Record<VideoStatus, number>>;
  /** Null while nothing waits. */
  oldestWaitingSeconds: number | null;
  openUploads: number;
  sourceBytes: number;
  /** Retention jobs that are stopped. */
  stoppedJobs: readonly RetentionJobName[];
  /** What the last run of a retention job could not remove; jobs without may be missing. */
  notRemoved: Partial<Record<RetentionJobName, number>>;
}

/** The facts from database, broker and store at one moment; null: not known, so without a metric. */
export interface FarmFacts {
  /** Whether each dependency responds, by its name. */
  up: Record<string, boolean>;
  /** The other checks, such as the disk, and whether each of them limits the farm. */
  degraded: Record<string, boolean>;
  counts: FarmCounts | null;
  queue: QueueDepth | null;
  space: StoreSpace | null;
}

/** Returns the facts as gauges, in a new registry for each scrape, so that no earlier value remains. */
export function farmGauges({ up, degraded, counts, queue, space }: FarmFacts): Registry {
  const registry = new Registry();
  const add = (name: string, help: string, value: number): void => {
    new Gauge({ name: `reelmill_${name}`, help, registers: [registry] }).set(value);
  };
  const addEach = (name: string, help: string, label: string, values: [string, number][]): void => {
    const gauge = new Gauge({ name: `reelmill_${name}`, help, labelNames: [label], registers: [registry] });
    for (const [key, value] of values) gauge.set({ [label]: key }, value);
  };
  const dependencies = Object.entries(up).map(([name, isUp]): [string, number] => [name, isUp ? 1 : 0]);
  addEach('dependency_up', 'Whether a dependency responds', 'dependency', dependencies);
  const parts = Object.entries(degraded).map(([name, isDegraded]): [string, number] => [
    name,
    isDegraded ? 1 : 0,
  ]);
  addEach('degraded', 'Whether a part of the farm is degraded', 'part', parts);
  if (counts !== null) {
    const { tasks, workers, videos } = counts;
    const workerStates = farmWorkerSchema.shape.state.options;
    addEach('tasks', 'Tasks by state', 'state', Object.entries(tasks));
    add(
      'quarantined_tasks',
      'Tasks in quarantine because they lost several leases in a row',
      counts.quarantined,
    );
    addEach(
      'waiting_tasks',
      'Tasks that wait because faults of store, disk or workers ended their last attempts',
      'reason',
      Object.entries(counts.waiting),
    );
    addEach('workers', 'Workers by state', 'state', countAll(workerStates, workers));
    addEach('videos', 'Videos by status', 'status', countAll(videoStatusSchema.options, videos));
    add(
      'oldest_waiting_task_seconds',
      'How long the oldest waiting task has waited',
      counts.oldestWaitingSeconds ?? 0,
    );
    add('open_uploads', 'Uploads that are open', counts.openUploads);
    addEach(
      'retention_stopped',
      'Whether a retention job waits for an administrator, or for a correct clock',
      // Prometheus itself uses the label `job`
      'retention_job',
      retentionJobNameSchema.options.map((job) => [job, counts.stoppedJobs.includes(job) ? 1 : 0]),
    );
    addEach(
      'retention_not_removed',
      'What the last run of a retention job could not remove and the next one retries',
      'retention_job',
      countAll(retentionJobNameSchema.options, counts.notRemoved),
    );
    add('source_bytes', 'Size of all sources in the store, at most a minute old', counts.sourceBytes);
  }
  if (queue !== null) {
    add('queue_ready_messages', 'Tasks in the queue that wait for a worker', queue.ready);
    add('queue_consumers', 'Workers that consume from the queue', queue.consumers);
    add('dead_letters', 'Messages that no consumer could handle', queue.deadLetters);
  }
  if (space !== null) {
    add('disk_free_bytes', 'Free space on the disk of a store that is a folder', space.freeBytes);
    add('disk_size_bytes', 'Size of the disk of a store that is a folder', space.sizeBytes);
  }
  return registry;
}

function countAll<K extends string>(
  keys: readonly K[],
  counts: Partial<Record<K, number>>,
): [string, number][] {
  return keys.map((key) => [key, counts[key] ?? 0]);
}
