import { healthSchema, readinessSchema } from '@reelmill/shared/contracts/health.ts';
import { farmStateOf } from '@reelmill/shared/core/workerHealth.ts';
import type { Request } from 'express';
import { createAuthenticate } from '../auth/authenticate.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { findWorkers } from '../farm/farmRepository.ts';
import { hasMetricsToken } from '../http/metricsToken.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { createReadinessReader, type Readiness } from './readiness.ts';

const tag = 'Operation';

/** Probes: whether the process lives, and whether what it depends on works. */
export function createHealthRoutes(context: ServerContext): Route[] {
  const readReadiness = createReadinessReader(context);
  const audienceOf = createAudienceReader(context);
  return [
    defineRoute({
      method: 'get',
      path: '/healthz',
      root: true,
      tag,
      summary: 'Whether the process lives',
      auth: 'none',
      response: { status: 200, description: 'It does', schema: healthSchema },
      handle: async () => ({ status: 'ok', version: context.version }),
    }),
    defineRoute({
      method: 'get',
      path: '/readyz',
      root: true,
      tag,
      summary: 'Whether requests can be served',
      description:
        '503 while the database or the store is missing, or the disk of the standalone profile is full; 200 with ' +
        '`degraded`, the names of what does not work, where only the queue is away, little is free on the disk of the ' +
        'standalone store, a worker, or all, cannot work, or the log cannot be written. Those names, and ' +
        'each dependency with what is wrong with it, are for whoever has the `METRICS_TOKEN` of the configuration as its ' +
        'bearer; for admins also the state of each worker and how its programs are confined; the status alone for ' +
        'everybody else. At most a second old.',
      auth: 'none',
      response: {
        status: 200,
        description: 'They can',
        schema: readinessSchema,
        alternatives: [{ status: 503, description: 'The database or the store is missing' }],
      },
      async handle({ request, response }) {
        const readiness = await readReadiness();
        if (readiness.status !== 'ok') response.status(503).setHeader('Retry-After', '5');
        const audience = await audienceOf(request);
        if (audience === 'anybody') return { status: readiness.status };
        if (audience === 'monitoring' || readiness.checks.database?.ok !== true) return readiness;
        return { ...readiness, workers: await listWorkers(context) };
      },
    }),
  ];
}

async function listWorkers({ database }: ServerContext): Promise<Readiness['workers']> {
  const now = new Date();
  const workers = await findWorkers(database.models, now);
  return workers.map((worker) => ({
    worker_id: worker.id,
    state: farmStateOf(worker, now),
    reason: worker.reason,
    confinement: worker.confinement,
    ffmpeg_version: worker.ffmpegVersion,
  }));
}

type Audience = 'admin' | 'monitoring' | 'anybody';

/** Who is not known to be entitled is anybody: nobody is refused the status itself. */
function createAudienceReader(context: ServerContext): (request: Request) => Promise<Audience> {
  const authenticate = createAuthenticate(context);
  return async (request) => {
    if (request.get('authorization') === undefined) return 'anybody';
    if (hasMetricsToken(request, context.config.METRICS_TOKEN)) return 'monitoring';
    return authenticate(request, 'admin').then(
      () => 'admin',
      () => 'anybody',
    );
  };
}
