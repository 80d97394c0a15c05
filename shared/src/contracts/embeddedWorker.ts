import { z } from 'zod';

/*
 * Messages between a server and the worker that it runs as a child process, beside those of the queue
 * (drivers/ipc/frames.ts). The start carries what the child may not find in its arguments or its environment, where
 * other users of the machine could read it.
 */

export const startEmbeddedWorkerSchema = z.object({
  type: z.literal('start'),
  logLevel: z.string(),
  worker: z.object({
    workerId: z.string().min(1),
    workDir: z.string().min(1),
    threads: z.int().positive(),
    drainSeconds: z.number().nonnegative(),
    minScratchBytes: z.int().nonnegative(),
    confineMedia: z.enum(['auto', 'required', 'off']),
    verifyDecodePercent: z.number().min(0).max(100),
  }),
  /** The server's own folder of objects; URLs are signed as the server signs them. */
  store: z.object({
    root: z.string().min(1),
    signingSecret: z.string().min(1),
    minFreeBytes: z.int().nonnegative(),
    baseUrls: z.object({ public: z.string(), internal: z.string() }),
  }),
  tracing: z.object({
    OTEL_SDK_DISABLED: z.boolean(),
    OTEL_EXPORTER_OTLP_ENDPOINT: z.string().optional(),
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.string().optional(),
    OTEL_SERVICE_NAME: z.string().optional(),
    OTEL_TRACES_SAMPLER: z.string(),
    OTEL_TRACES_SAMPLER_ARG: z.number(),
  }),
});
export type StartEmbeddedWorker = z.infer<typeof startEmbeddedWorkerSchema>;

/** The worker takes no more tasks, finishes or releases its current task, and ends. */
export const stopEmbeddedWorkerSchema = z.object({ type: z.literal('stop') });
export type StopEmbeddedWorker = z.infer<typeof stopEmbeddedWorkerSchema>;
