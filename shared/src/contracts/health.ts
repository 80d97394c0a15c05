import { z } from 'zod';
import { confinementSchema } from './tasks.ts';

export const healthSchema = z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Health' });

/**
 * The response is 503 as soon as one dependency is down. `checks` names each of them, and is only there for admins and
 * for whoever has the `METRICS_TOKEN`.
 */
export const readinessSchema = z
  .object({
    status: z.enum(['ok', 'unavailable']),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), message: z.string().optional() })).optional(),
    /** For administrators alone: how the programs of each worker that was heard of today are confined. */
    workers: z
      .array(z.object({ worker_id: z.string(), confinement: confinementSchema.nullable() }))
      .optional(),
  })
  .meta({ id: 'Readiness' });
