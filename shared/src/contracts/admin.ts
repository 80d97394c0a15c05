import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { stoppedJobSchema } from './retention.ts';
import { confinementSchema, taskKindSchema, taskStateSchema } from './tasks.ts';
import { anyOf } from './text.ts';

export const farmWorkerSchema = z
  .object({
    worker_id: z.string(),
    host: z.string(),
    state: z.enum(['idle', 'busy', 'draining', 'drained', 'sick', 'stopped', 'lost']),
    cpus: z.number(),
    version: z.string(),
    started_at: z.iso.datetime(),
    last_seen_at: z.iso.datetime(),
    reason: z.string().nullable(),
    /** How its programs run; left out by workers of older versions. */
    confinement: confinementSchema.optional(),
    /** As ffmpeg reports it, such as `7.1.5-0+deb13u1`; left out where the worker does not report it. */
    ffmpeg_version: z.string().optional(),
    task: z
      .object({
        task_id: z.int(),
        video_id: z.int(),
        kind: taskKindSchema,
        progress: z.number(),
        speed: z.number().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'FarmWorker' });
export type FarmWorker = z.infer<typeof farmWorkerSchema>;

export const farmTaskSchema = z
  .object({
    task_id: z.int(),
    video_id: z.int(),
    kind: taskKindSchema,
    position: z.int(),
    state: taskStateSchema,
    attempt: z.int(),
    /** Leases in a row that ended with the worker, not with the task. */
    lost_leases: z.int().default(0),
    /** Tries that a fault of the farm ended; none of them is an attempt. */
    farm_faults: z.int().default(0),
    worker_id: z.string().nullable(),
    error: z.object({ code: z.string(), message: z.string(), diagnostics: z.string().nullable() }).nullable(),
    available_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'FarmTask' });

/** `throughput`: tasks that were done in the last `seconds`. `drain_seconds` is null while nothing is known of the farm's speed. */
export const farmSchema = z
  .object({
    queue: z.object({ ready: z.int(), consumers: z.int(), dead_letters: z.int() }).nullable(),
    tasks: z.record(taskStateSchema, z.int()),
    oldest_pending_seconds: z.number().nullable(),
    throughput: z.object({ tasks: z.int(), seconds: z.int() }),
    workers: z.array(farmWorkerSchema),
    running: z.array(farmTaskSchema),
    recent_failures: z.array(farmTaskSchema),
    /** Tasks that wait until `available_at` because their workers were lost again and again. */
    quarantined: z.array(farmTaskSchema).default([]),
    /** Retention jobs that remove nothing until an administrator allows it, or a clock is right again. */
    stopped_jobs: z.array(stoppedJobSchema).default([]),
    /** Tasks that wait until `available_at` because faults of the farm ended their last tries. */
    waiting: z.array(farmTaskSchema).default([]),
    drain_seconds: z.number().nullable(),
    suggested_replicas: z.int(),
    scale_command: z.string(),
  })
  .meta({ id: 'Farm' });
export type Farm = z.infer<typeof farmSchema>;

export const deadLetterSchema = z
  .object({
    id: z.string(),
    queue: z.string(),
    reason: z.string(),
    died_at: z.iso.datetime().nullable(),
    body: z.string(),
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetter = z.infer<typeof deadLetterSchema>;

export const deadLetterListSchema = z
  .object({ dead_letters: z.array(deadLetterSchema) })
  .meta({ id: 'DeadLetterList' });

const deadLetterLimitSchema = z.int().min(1).max(1_000);
const deadLetterIdsSchema = z.array(z.string().min(1).max(100)).min(1).max(500);

/** With `ids` only these; otherwise the oldest ones. */
export const replayRequestSchema = z
  .object({ limit: deadLetterLimitSchema.default(100), ids: deadLetterIdsSchema.optional() })
  .meta({ id: 'ReplayRequest' });
export const replayResponseSchema = z.object({ replayed: z.int() }).meta({ id: 'ReplayResponse' });

/** What is discarded is gone, so the request must name what it means. */
export const discardRequestSchema = z
  .object({ limit: deadLetterLimitSchema.optional(), ids: deadLetterIdsSchema.optional() })
  .refine(({ limit, ids }) => limit !== undefined || ids !== undefined, 'must have ids or a limit')
  .meta({ id: 'DiscardRequest', ...anyOf('limit', 'ids') });
export const discardResponseSchema = z.object({ discarded: z.int() }).meta({ id: 'DiscardResponse' });

export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(LIMITS.pageSize.max).default(LIMITS.pageSize.default),
  offset: z.coerce.number().int().min(0).default(0),
});
