import { healthSchema, readinessSchema } from '@reelmill/shared/contracts/health.ts';
import type { z } from 'zod';
import type { ServerContext } from '../http/context.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { findWorkers } from './farmRepository.ts';

const CHECK_TIMEOUT_MS = 2_000;
const tag = 'Operation';

type Readiness = z.infer<typeof readinessSchema>;

/** Probes: whether the process lives, and whether what it depends on answers. */
export function createHealthRoutes(context: ServerContext): Route[] {
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
      summary: 'Whether each dependency answers',
      description: 'With the token of an administrator, also how the programs of each worker are confined.',
      auth: 'optional',
      answer: {
        status: 200,
        description: 'All do',
        schema: readinessSchema,
        alternatives: [{ status: 503, description: 'Those that are not `ok` do not' }],
      },
      async handle({ response, identity }) {
        const readiness = await checkDependencies(context);
        if (readiness.status !== 'ok') response.status(503).setHeader('Retry-After', '5');
        if (identity?.role !== 'admin' || readiness.checks.database?.ok !== true) return readiness;
        return { ...readiness, workers: await listConfinements(context) };
      },
    }),
  ];
}

async function listConfinements({ database }: ServerContext): Promise<Readiness['workers']> {
  const workers = await findWorkers(database.models, new Date());
  return workers.map(({ id, confinement }) => ({ worker_id: id, confinement }));
}

/** Asks each dependency whether it works, for two seconds at most. */
export async function checkDependencies(context: ServerContext): Promise<Readiness> {
  const { database, store, queue } = context;
  const checks = await Promise.all(
    Object.entries({ database, store, queue }).map(
      async ([name, dependency]) => [name, await probe(context, name, () => dependency.check())] as const,
    ),
  );
  const ready = checks.every(([, check]) => check.ok);
  return { status: ready ? 'ok' : 'unavailable', checks: Object.fromEntries(checks) };
}

/** The reason goes to the log: it may name hosts that are nobody else's business. */
async function probe(
  { logger }: ServerContext,
  name: string,
  check: () => Promise<void>,
): Promise<{ ok: boolean; message?: string }> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), CHECK_TIMEOUT_MS);
  });
  try {
    const outcome = await Promise.race([check(), timeout]);
    return outcome === 'late' ? { ok: false, message: 'does not answer in time' } : { ok: true };
  } catch (error) {
    logger.warn({ err: error, dependency: name }, 'dependency is down');
    return { ok: false, message: 'cannot be reached' };
  } finally {
    clearTimeout(timer);
  }
}
