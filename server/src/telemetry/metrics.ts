import { type ErrorCode, errorCodeSchema } from '@reelmill/shared/contracts/errors.ts';
import {
  type TaskKind,
  taskKindSchema,
  type Verification,
  verificationSchema,
} from '@reelmill/shared/contracts/tasks.ts';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { LADDER_QUALITIES } from '../plan/ladder.ts';
import { type FarmFacts, farmGauges } from './farmGauges.ts';

/*
 * What this process did, counted where it was committed: each server counts its own part, and the total is the sum over all
 * servers. The facts from database, broker and store (farmGauges.ts) are the same on every server: there use the maximum,
 * not the sum. No label has an id: kinds, codes, routes and states are bounded.
 */

const TASK_SECONDS = [0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280];
const VIDEO_SECONDS = [5, 15, 30, 60, 120, 300, 600, 1200, 2400, 4800, 9600, 19200];
const SPEEDS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 32, 64];
const REQUEST_SECONDS = [0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10, 30];

/** The outcomes of an attempt of a task, and the values of the label `outcome`, which dashboards and alerts query. */
const OUTCOME_LABELS = {
  done: 'done',
  retried: 'retried',
  exhausted: 'given_up',
  released: 'handed_back',
} as const;
type AttemptOutcome = keyof typeof OUTCOME_LABELS;

const VERIFICATION_OUTCOMES = verificationSchema.keyof().options;

/** The server's Prometheus metrics; each server in a process has a registry of its own. */
export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics(version: string) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({ name: 'reelmill_build_info', help: 'Always 1', labelNames: ['version'], registers }).set(
    { version },
    1,
  );
  return {
    ...countRequests(registers),
    ...countUploads(registers),
    ...countTasks(registers),
    ...countVerified(registers),
    ...countVideos(registers),
    ...countServices(registers),
    /** Returns all metrics in the exposition format, with the facts of the farm. */
    render: async (facts: FarmFacts): Promise<{ contentType: string; text: string }> => ({
      contentType: registry.contentType,
      text: await Registry.merge([registry, farmGauges(facts)]).metrics(),
    }),
  };
}

function countRequests(registers: Registry[]) {
  const requests = new Histogram({
    name: 'reelmill_http_request_duration_seconds',
    help: 'Time to respond, by the pattern of the route',
    labelNames: ['method', 'route', 'status'],
    buckets: REQUEST_SECONDS,
    registers,
  });
  return {
    requestServed: (request: { method: string; route: string; status: number; seconds: number }): void => {
      const { method, route, status, seconds } = request;
      requests.observe({ method, route, status: String(status) }, seconds);
    },
  };
}

function countUploads(registers: Registry[]) {
  const uploads = new Counter({ name: 'reelmill_uploads_total', help: 'Completed uploads', registers });
  const bytes = new Counter({
    name: 'reelmill_upload_bytes_total',
    help: 'Bytes of completed uploads',
    registers,
  });
  return {
    uploadCompleted: (sizeBytes: number): void => {
      uploads.inc();
      bytes.inc(sizeBytes);
    },
  };
}

function countTasks(registers: Registry[]) {
  const attempts = new Counter({
    name: 'reelmill_task_tries_total',
    help: 'Attempts of tasks that ended, by outcome',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const failures = new Counter({
    name: 'reelmill_task_failures_total',
    help: 'Attempts of tasks that failed, by error code',
    labelNames: ['code'],
    registers,
  });
  const lost = new Counter({
    name: 'reelmill_task_leases_expired_total',
    help: 'Leases of tasks that expired because their worker sent no more heartbeats',
    registers,
  });
  const replaced = new Counter({
    name: 'reelmill_listed_segments_replaced_total',
    help: 'Segments that were listed, were found damaged and are encoded again',
    registers,
  });
  const durations = new Histogram({
    name: 'reelmill_task_duration_seconds',
    help: 'Time a worker took for a task that is done',
    labelNames: ['kind'],
    buckets: TASK_SECONDS,
    registers,
  });
  const waits = new Histogram({
    name: 'reelmill_task_wait_seconds',
    help: 'Time between a task being ready and a worker starting it',
    labelNames: ['kind'],
    buckets: TASK_SECONDS,
    registers,
  });
  const speeds = new Histogram({
    name: 'reelmill_encode_speed_ratio',
    help: 'Speed of encode tasks as a multiple of real time, by their largest rendition',
    labelNames: ['quality'],
    buckets: SPEEDS,
    registers,
  });
  const encoded = new Counter({
    name: 'reelmill_encoded_video_seconds_total',
    help: 'Seconds of video that were encoded, in all renditions of their task',
    registers,
  });
  for (const kind of taskKindSchema.options) {
    for (const outcome of Object.values(OUTCOME_LABELS)) attempts.inc({ kind, outcome }, 0);
    for (const histogram of [durations, waits]) histogram.zero({ kind });
  }
  for (const quality of LADDER_QUALITIES) speeds.zero({ quality });
  startAtZero(failures);
  const count = (kind: TaskKind, outcome: AttemptOutcome): void =>
    attempts.inc({ kind, outcome: OUTCOME_LABELS[outcome] });
  return {
    taskStarted: (kind: TaskKind, waitSeconds: number): void => {
      waits.observe({ kind }, Math.max(0, waitSeconds));
    },
    taskDone: (kind: TaskKind, elapsedSeconds: number): void => {
      count(kind, 'done');
      durations.observe({ kind }, elapsedSeconds);
    },
    chunkEncoded: (chunk: { quality: string; videoSeconds: number; elapsedSeconds: number }): void => {
      encoded.inc(chunk.videoSeconds);
      if (chunk.elapsedSeconds > 0) {
        speeds.observe({ quality: chunk.quality }, chunk.videoSeconds / chunk.elapsedSeconds);
      }
    },
    taskFailed: (kind: TaskKind, code: ErrorCode, outcome: 'retried' | 'exhausted'): void => {
      count(kind, outcome);
      failures.inc({ code });
    },
    taskReleased: (kind: TaskKind): void => count(kind, 'released'),
    leasesExpired: (tasks: number): void => lost.inc(tasks),
    segmentsReplaced: (segments: number): void => replaced.inc(segments),
  };
}

function countVerified(registers: Registry[]) {
  const files = new Counter({
    name: 'reelmill_output_files_total',
    help: 'Segments and pictures that workers verified before they stored them, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of VERIFICATION_OUTCOMES) files.inc({ outcome }, 0);
  return {
    /** Counts those of one attempt; undefined from workers of earlier versions. */
    outputVerified: (counts: Verification | undefined): void => {
      for (const outcome of VERIFICATION_OUTCOMES) files.inc({ outcome }, counts?.[outcome] ?? 0);
    },
  };
}

function countVideos(registers: Registry[]) {
  const ready = new Histogram({
    name: 'reelmill_video_ready_seconds',
    help: 'Time between a completed upload (or a retry) and the video being online',
    buckets: VIDEO_SECONDS,
    registers,
  });
  const failures = new Counter({
    name: 'reelmill_video_failures_total',
    help: 'Videos that failed, by error code',
    labelNames: ['code'],
    registers,
  });
  startAtZero(failures);
  return {
    videoOnline: (seconds: number): void => ready.observe(Math.max(0, seconds)),
    videoFailed: (code: ErrorCode): void => failures.inc({ code }),
  };
}

/** Creates every series with 0: rate() and increase() do not see the first step of a series that was missing. */
function startAtZero(failures: Counter<'code'>): void {
  for (const code of errorCodeSchema.options) failures.inc({ code }, 0);
}

function countServices(registers: Registry[]) {
  const runs = new Counter({
    name: 'reelmill_service_runs_total',
    help: 'Runs of a background service',
    labelNames: ['service', 'outcome'],
    registers,
  });
  const last = new Gauge({
    name: 'reelmill_service_last_success_timestamp_seconds',
    help: 'When a background service last ran successfully',
    labelNames: ['service'],
    registers,
  });
  const interval = new Gauge({
    name: 'reelmill_service_interval_seconds',
    help: 'Maximum time between two runs of a background service',
    labelNames: ['service'],
    registers,
  });
  return {
    serviceStarted: (service: string, intervalMs: number): void => {
      interval.set({ service }, intervalMs / 1000);
      // counts as a success at its start, so that an alert fires where it never succeeds
      last.setToCurrentTime({ service });
    },
    serviceRan: (service: string, outcome: 'done' | 'failed'): void => {
      runs.inc({ service, outcome });
      if (outcome === 'done') last.setToCurrentTime({ service });
    },
  };
}
