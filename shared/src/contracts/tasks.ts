import { z } from 'zod';
import { errorCodeSchema } from './errors.ts';
import { chunkSchema, encodePlanSchema, mediaFactsSchema, renditionOutputSchema } from './media.ts';
import { noticeListSchema } from './notices.ts';
import { readEventNames, readTaskNames } from './wireNames.ts';

export const taskKindSchema = z.enum(['inspect', 'encode', 'audio', 'images']).meta({ id: 'TaskKind' });
export type TaskKind = z.infer<typeof taskKindSchema>;

export const taskStateSchema = z
  .enum(['pending', 'queued', 'running', 'done', 'failed', 'canceled'])
  .meta({ id: 'TaskState' });
export type TaskState = z.infer<typeof taskStateSchema>;

/**
 * The source and which content of it is meant: `etag` without quotes, for `If-Match`, and `lastModified` in ISO 8601. Both
 * are left out of tasks that were planned before servers kept them.
 */
export const taskSourceSchema = z.object({
  key: z.string(),
  sizeBytes: z.int().positive(),
  etag: z.string().min(1).optional(),
  lastModified: z.iso.datetime().optional(),
});
export type TaskSource = z.infer<typeof taskSourceSchema>;

/** The work itself, by kind: stored in the task's row and carried by its message. */
export const taskSpecSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('inspect'),
    source: taskSourceSchema,
    /** Everything is read, whatever the size: a plan made from samples did not fit. */
    thorough: z.boolean().optional(),
  }),
  z.object({
    kind: z.literal('encode'),
    source: taskSourceSchema,
    /** Without the chunk list, which a worker has no use for. */
    plan: encodePlanSchema.omit({ chunks: true }),
    chunk: chunkSchema,
    /** The renditions of the plan that this task makes; the first look of a video makes only a small one. */
    qualities: z.array(z.string()).min(1),
  }),
  z.object({
    kind: z.literal('audio'),
    source: taskSourceSchema,
    plan: encodePlanSchema.omit({ chunks: true }),
  }),
  z.object({
    kind: z.literal('images'),
    source: taskSourceSchema,
    plan: encodePlanSchema.omit({ chunks: true }),
  }),
]);
export type TaskSpec = z.infer<typeof taskSpecSchema>;
export type TaskSpecOf<K extends TaskKind> = Extract<TaskSpec, { kind: K }>;

/** The W3C trace context of the span that a message was sent in; left out where there are no traces. */
const traceparentSchema = z.string().max(55).optional();

/** `815-3fa9c2d1e0b7`: a task, and the beginning of its lease token. */
const attemptTagSchema = z
  .string()
  .max(40)
  .regex(/^\d+-[0-9a-f]{12}$/);

/** A message of the task queue. `leaseToken` fences every later report about the task. */
export const taskMessageSchema = z.preprocess(
  readTaskNames,
  z.object({
    v: z.literal(1),
    taskId: z.int().positive(),
    videoId: z.int().positive(),
    leaseToken: z.uuid(),
    attempt: z.int().positive(),
    /** The request that caused the work, for logs. */
    requestId: z.string().nullable(),
    traceparent: traceparentSchema,
    /** A store or disk failed an earlier try: what this one makes is decoded as a whole before it counts. */
    verifyAll: z.boolean().optional(),
    /**
     * What the keys of everything that this try writes carry; see `attemptTag`. Servers of earlier versions do not know
     * it, and look for objects under keys without it.
     */
    tag: attemptTagSchema.optional(),
    /** Workers that release the task: another one shall make this try. */
    excludedWorkers: z.array(z.string()).max(32).optional(),
    spec: taskSpecSchema,
  }),
);
export type TaskMessage = z.infer<typeof taskMessageSchema>;

/**
 * Where the objects were put under `processed/`. `tag` is the message's; workers of earlier versions report none. `folder`
 * is reported without a tag only: a server of an earlier version, which knows no tags, rejects a result without a folder.
 */
const place = { tag: attemptTagSchema.optional(), folder: z.string().optional() };

/** What was repaired or left out on the way, for the owner of the video. */
const notices = noticeListSchema.optional();

/** What a finished task reports. Every object it names is in the store by then. */
export const taskResultSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('inspect'), facts: mediaFactsSchema }),
  z.object({
    kind: z.literal('encode'),
    frames: z.int().positive(),
    renditions: z.array(renditionOutputSchema),
    notices,
    ...place,
  }),
  z.object({ kind: z.literal('audio'), rendition: renditionOutputSchema.nullable(), notices, ...place }),
  z.object({
    kind: z.literal('images'),
    coverKey: z.string(),
    storyboardKey: z.string().nullable(),
    ...place,
  }),
]);
export type TaskResult = z.infer<typeof taskResultSchema>;

const workerIdentity = { v: z.literal(1), workerId: z.string(), at: z.iso.datetime() };
const taskIdentity = {
  ...workerIdentity,
  taskId: z.int().positive(),
  videoId: z.int().positive(),
  leaseToken: z.uuid(),
  traceparent: traceparentSchema,
};

/** How ffmpeg and ffprobe run on a worker: by which means each step holds, null where it does not. */
export const confinementSchema = z
  .object({
    filesystem: z.string().nullable(),
    network: z.string().nullable(),
    syscalls: z.string().nullable(),
    /** Whether the programs run as another user than the worker does. */
    separateUser: z.boolean(),
    /** What does not hold, with the reason as an administrator reads it. */
    missing: z.array(z.object({ what: z.enum(['filesystem', 'network', 'syscalls']), why: z.string() })),
  })
  .meta({ id: 'Confinement' });
export type ConfinementReport = z.infer<typeof confinementSchema>;

/**
 * What a worker found of the files that it made in one try: how many were whole, how many of them it decoded, and how
 * many were damaged, which ended the try.
 */
export const verificationSchema = z.object({
  verified: z.int().nonnegative(),
  decoded: z.int().nonnegative(),
  damaged: z.int().nonnegative(),
});
export type Verification = z.infer<typeof verificationSchema>;

/** A build may call itself as it likes. */
export const MAX_FFMPEG_VERSION_LENGTH = 64;

/** What workers report. `started` and `progress` renew the lease; the other reports of a task end it. */
export const workerEventSchema = z.preprocess(
  readEventNames,
  z.discriminatedUnion('type', [
    z.object({
      ...workerIdentity,
      type: z.literal('heartbeat'),
      host: z.string(),
      cpus: z.number().positive(),
      version: z.string(),
      startedAt: z.iso.datetime(),
      state: z.enum(['idle', 'busy', 'draining', 'unhealthy', 'stopped']),
      taskId: z.int().positive().nullable(),
      reason: z.string().nullable(),
      /** Not sent by older workers. */
      confinement: confinementSchema.optional(),
      /** As ffmpeg reports it, such as `7.1.5-0+deb13u1`; not known before the self-test has run. */
      ffmpegVersion: z.string().max(MAX_FFMPEG_VERSION_LENGTH).optional(),
    }),
    z.object({ ...taskIdentity, type: z.literal('started') }),
    z.object({
      ...taskIdentity,
      type: z.literal('progress'),
      /** Finished output frames (encode), or thousandths of the whole (other kinds). */
      done: z.int().nonnegative(),
      /** Whole segments that are in the store, from the first of the task on, in every rendition of the task. */
      segmentsDone: z.int().nonnegative(),
      /** What their keys carry: the message's. */
      tag: attemptTagSchema.optional(),
      /** Encoding speed as a multiple of real time, null where it is not known. */
      speed: z.number().nonnegative().nullable(),
    }),
    z.object({
      ...taskIdentity,
      type: z.literal('done'),
      result: taskResultSchema,
      elapsedMs: z.number(),
      /** Not sent by older workers. */
      verification: verificationSchema.optional(),
    }),
    z.object({
      ...taskIdentity,
      type: z.literal('failed'),
      error: z.object({
        code: errorCodeSchema,
        message: z.string(),
        retryable: z.boolean(),
        diagnostics: z.string().nullable(),
      }),
      verification: verificationSchema.optional(),
    }),
    /**
     * The worker is stopping and releases the task; not a failed attempt. With `redelivered` it never began: the queue
     * delivered the task again, so that whoever had it first may be lost. With `declined` it never began either: the
     * message names the worker among `excludedWorkers`.
     */
    z.object({
      ...taskIdentity,
      type: z.literal('released'),
      redelivered: z.boolean().optional(),
      declined: z.boolean().optional(),
    }),
  ]),
);
export type WorkerEvent = z.infer<typeof workerEventSchema>;

/** What the server broadcasts to workers. A worker that does not hold the task ignores it. */
export const controlMessageSchema = z.discriminatedUnion('type', [
  z.object({ v: z.literal(1), type: z.literal('cancel_video'), videoId: z.int().positive() }),
  z.object({
    v: z.literal(1),
    type: z.literal('revoke_task'),
    taskId: z.int().positive(),
    leaseToken: z.uuid(),
  }),
  z.object({ v: z.literal(1), type: z.literal('drain_worker'), workerId: z.string() }),
  z.object({ v: z.literal(1), type: z.literal('resume_worker'), workerId: z.string() }),
]);
export type ControlMessage = z.infer<typeof controlMessageSchema>;
