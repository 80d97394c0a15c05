import type { readinessSchema } from '@reelmill/shared/contracts/health.ts';
import type { z } from 'zod';
import type { ServerContext } from '../http/context.ts';

const CHECK_TIMEOUT_MS = 2_000;
/** However many ask, each dependency is asked about once in this time. */
const CACHE_MS = 1_000;

interface Finding {
  ok: boolean;
  message?: string;
}
export interface Readiness extends z.infer<typeof readinessSchema> {
  checks: Record<string, Finding>;
}

/** One line of the detail that admins see. */
interface ReadinessCheck {
  name: string;
  /** Whether the server is unavailable without it; otherwise it is only told. */
  essential: boolean;
  run(): Promise<Finding>;
}

/** What is looked at, in the order in which it is shown. */
function listChecks(context: ServerContext): ReadinessCheck[] {
  const { database, store, queue } = context;
  return Object.entries({ database, store, queue }).map(([name, dependency]) => ({
    name,
    essential: true,
    run: () => probe(context, name, () => dependency.check()),
  }));
}

/** Asks each dependency whether it works, for two seconds at most. */
export async function checkDependencies(context: ServerContext): Promise<Readiness> {
  const findings = await Promise.all(
    listChecks(context).map(async ({ name, essential, run }) => ({ name, essential, finding: await run() })),
  );
  const ready = findings.every(({ essential, finding }) => finding.ok || !essential);
  return {
    status: ready ? 'ok' : 'unavailable',
    checks: Object.fromEntries(findings.map(({ name, finding }) => [name, finding])),
  };
}

/** Reads the same, at most a second old: whoever asks meanwhile waits for the same checks. */
export function createReadinessReader(context: ServerContext): () => Promise<Readiness> {
  let latest: Promise<Readiness> | undefined;
  let validUntil = Number.POSITIVE_INFINITY;
  return () => {
    if (latest !== undefined && performance.now() < validUntil) return latest;
    validUntil = Number.POSITIVE_INFINITY;
    latest = checkDependencies(context).finally(() => {
      validUntil = performance.now() + CACHE_MS;
    });
    return latest;
  };
}

/** The reason goes to the log: it may name hosts that are nobody else's business. */
async function probe({ logger }: ServerContext, name: string, check: () => Promise<void>): Promise<Finding> {
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
