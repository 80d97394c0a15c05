import { z } from 'zod';
import { farmWorkerSchema } from './admin.ts';
import { confinementSchema } from './tasks.ts';

export const healthSchema = z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Health' });

/**
 * The response is 503 while the database or the store is missing, or the disk of the standalone profile is full. Where
 * something else does not work, requests are served and `degraded` names it: the `queue`, the `disk` of the standalone store
 * where little is free, `workers`, or the `log`. It and `checks`, with a line
 * about each, are only there for admins and for whoever has the `METRICS_TOKEN`.
 */
export const readinessSchema = z
  .object({
    status: z.enum(['ok', 'unavailable']),
    /** Left out where everything works. */
    degraded: z.array(z.string()).min(1).optional(),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), message: z.string().optional() })).optional(),
    /** For administrators alone: each worker that was heard of today, how its programs are confined, and which ffmpeg it has. */
    workers: z
      .array(
        z.object({
          worker_id: z.string(),
          state: farmWorkerSchema.shape.state,
          /** Why it cannot work. */
          reason: z.string().nullable(),
          confinement: confinementSchema.nullable(),
          ffmpeg_version: z.string().nullable(),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Readiness' });
