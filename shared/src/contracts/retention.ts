import { z } from 'zod';

/**
 * What the server cleans up by itself:
 * `stale_uploads` expires uploads that were not finished in time, `late_uploads` removes what was put after its
 * upload had ended or is larger than allowed, `deleted_videos` removes the objects of deleted
 * videos, `old_sources` the sources of videos that have been online for long enough, `leftovers` what failed or
 * repeated transcodes and late uploads left behind, `stray_uploads` open uploads of the store that no video knows,
 * `orphans` the objects of videos that are not in the database.
 */
export const retentionJobNameSchema = z
  .enum([
    'stale_uploads',
    'late_uploads',
    'deleted_videos',
    'old_sources',
    'leftovers',
    'stray_uploads',
    'orphans',
  ])
  .meta({ id: 'RetentionJobName' });
export type RetentionJobName = z.infer<typeof retentionJobNameSchema>;

/** One thing to remove: an upload, a source, or all objects of one video that are to go for the same reason. */
export const retentionExampleSchema = z
  .object({
    video_id: z.int(),
    /** The only object, or the first of them. */
    key: z.string().nullable(),
    objects: z.int(),
    bytes: z.int(),
    since: z.iso.datetime(),
    reason: z.string(),
  })
  .meta({ id: 'RetentionExample' });
export type RetentionExample = z.infer<typeof retentionExampleSchema>;

/** What was removed, or in a dry run would be. `failed` stays for a later run; `complete` is false where there is more. */
export const retentionResultSchema = z
  .object({
    items: z.int(),
    objects: z.int(),
    bytes: z.int(),
    failed: z.int(),
    examples: z.array(retentionExampleSchema),
    complete: z.boolean(),
  })
  .meta({ id: 'RetentionResult' });
export type RetentionResult = z.infer<typeof retentionResultSchema>;

/**
 * Why a job removes nothing for now: `clock` while the clock of a server cannot be right, `count` where there is more to
 * remove than one run may, `setting` where that is so after a setting was changed. A `clock` ends by itself when the clock
 * is right again; the others wait until an administrator allows them.
 */
export const retentionStopSchema = z
  .object({
    kind: z.enum(['clock', 'count', 'setting']),
    /** For people, with the figures. */
    reason: z.string(),
    since: z.iso.datetime(),
    /** What it would remove, and what it may; null for a `clock`. */
    items: z.int().nullable(),
    limit: z.int().nullable(),
  })
  .meta({ id: 'RetentionStop' });
export type RetentionStop = z.infer<typeof retentionStopSchema>;

/** What an administrator allowed: so many items more, and not after `until`. */
export const retentionAllowanceSchema = z
  .object({ items: z.int(), until: z.iso.datetime() })
  .meta({ id: 'RetentionAllowance' });
export type RetentionAllowance = z.infer<typeof retentionAllowanceSchema>;

/** A job that waits for an administrator, or for a clock that is right. */
export const stoppedJobSchema = retentionStopSchema
  .extend({ job: retentionJobNameSchema })
  .meta({ id: 'StoppedJob' });
export type StoppedJob = z.infer<typeof stoppedJobSchema>;

/**
 * `now` is what the job would do now; null where that takes a walk through the store: ask for a dry run. `last_run` is
 * the last run that found something to do, for jobs that look every few seconds; otherwise the last one.
 */
export const retentionJobSchema = z
  .object({
    name: retentionJobNameSchema,
    description: z.string(),
    /** Whether it runs by itself. */
    scheduled: z.boolean(),
    running: z.boolean(),
    next_run_at: z.iso.datetime().nullable(),
    now: retentionResultSchema.nullable(),
    /** Null where nothing keeps it from running; as in servers of older versions. */
    stopped: retentionStopSchema.nullable().default(null),
    allowance: retentionAllowanceSchema.nullable().default(null),
    last_run: z
      .object({
        started_at: z.iso.datetime(),
        finished_at: z.iso.datetime().nullable(),
        trigger: z.enum(['schedule', 'admin']),
        result: retentionResultSchema.nullable(),
        error: z.string().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'RetentionJob' });
export type RetentionJob = z.infer<typeof retentionJobSchema>;

/** `clock_doubt` is why a server's clock is not trusted; that server removes nothing meanwhile. */
export const retentionSchema = z
  .object({ jobs: z.array(retentionJobSchema), clock_doubt: z.string().nullable().default(null) })
  .meta({ id: 'Retention' });
export type Retention = z.infer<typeof retentionSchema>;

/** Without `dry_run: false` nothing is removed. `position` continues from the `next_position` of a response. */
export const retentionRunRequestSchema = z
  .object({
    job: retentionJobNameSchema,
    dry_run: z.boolean().default(true),
    position: z.int().min(0).default(0),
  })
  .meta({ id: 'RetentionRunRequest' });
export type RetentionRunRequest = z.infer<typeof retentionRunRequestSchema>;

/** `next_position` is null where the job is done; otherwise it is to be called again from there. */
export const retentionRunResponseSchema = z
  .object({
    job: retentionJobNameSchema,
    dry_run: z.boolean(),
    result: retentionResultSchema,
    next_position: z.int().nullable(),
  })
  .meta({ id: 'RetentionRunResponse' });
export type RetentionRunResponse = z.infer<typeof retentionRunResponseSchema>;

/** With `items`, what was shown to whoever allows it: refused with `state_conflict` where it is more by now. */
export const retentionAllowRequestSchema = z
  .object({ job: retentionJobNameSchema, items: z.int().min(0).optional() })
  .meta({ id: 'RetentionAllowRequest' });
export type RetentionAllowRequest = z.infer<typeof retentionAllowRequestSchema>;

/** `allowance` is null where a clock was confirmed. */
export const retentionAllowResponseSchema = z
  .object({ job: retentionJobNameSchema, allowance: retentionAllowanceSchema.nullable() })
  .meta({ id: 'RetentionAllowResponse' });
export type RetentionAllowResponse = z.infer<typeof retentionAllowResponseSchema>;
