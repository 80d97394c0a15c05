import { z } from 'zod';
import { confinementSchema } from './tasks.ts';

export const healthSchema = z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Health' });

/** `checks` names each dependency; the answer is 503 as soon as one of them is down. */
export const readinessSchema = z
  .object({
    status: z.enum(['ok', 'unavailable']),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), message: z.string().optional() })),
    /** For administrators alone: how the programs of each worker that was heard of today are confined. */
    workers: z
      .array(z.object({ worker_id: z.string(), confinement: confinementSchema.nullable() }))
      .optional(),
  })
  .meta({ id: 'Readiness' });
