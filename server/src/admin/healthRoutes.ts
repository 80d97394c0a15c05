import { healthSchema, readinessSchema } from '@reelmill/shared/contracts/health.ts';
import type { Request } from 'express';
import { createAuthenticate } from '../auth/authenticate.ts';
import type { ServerContext } from '../http/context.ts';
import { hasMetricsToken } from '../http/metricsToken.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { findWorkers } from './farmRepository.ts';
import { createReadinessReader, type Readiness } from './readiness.ts';

const tag = 'Operation';

/** Probes: whether the process lives, and whether what it depends on answers. */
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
      answer: { status: 200, description: 'It does', schema: healthSchema },
      handle: async () => ({ status: 'ok', version: context.version }),
    }),
    defineRoute({
      method: 'get',
      path: '/readyz',
      root: true,
      tag,
      summary: 'Whether every dependency answers',
      description:
        'Each dependency by name for whoever has the `METRICS_TOKEN` of the configuration as its bearer; for admins also ' +
        'how the programs of each worker are confined; the status alone for everybody else. At most a second old.',
      auth: 'none',
      answer: {
        status: 200,
        description: 'All do',
        schema: readinessSchema,
        alternatives: [{ status: 503, description: 'Those that are not `ok` do not' }],
      },
      async handle({ request, response }) {
        const { status, checks } = await readReadiness();
        if (status !== 'ok') response.status(503).setHeader('Retry-After', '5');
        const audience = await audienceOf(request);
        if (audience === 'anybody') return { status };
        if (audience === 'monitoring' || checks.database?.ok !== true) return { status, checks };
        return { status, checks, workers: await listConfinements(context) };
      },
    }),
  ];
}

async function listConfinements({ database }: ServerContext): Promise<Readiness['workers']> {
  const workers = await findWorkers(database.models, new Date());
  return workers.map(({ id, confinement }) => ({ worker_id: id, confinement }));
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
