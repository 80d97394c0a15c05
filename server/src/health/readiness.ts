import type { readinessSchema } from '@reelmill/shared/contracts/health.ts';
import { farmStateOf } from '@reelmill/shared/core/workerHealth.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { standardError } from '@reelmill/shared/runtime/standardError.ts';
import { withTimeout } from '@reelmill/shared/runtime/timeout.ts';
import type { z } from 'zod';
import type { ServerContext } from '../context/serverContext.ts';
import { findWorkers } from '../farm/farmRepository.ts';

const CHECK_TIMEOUT_MS = 2_000;
/** However many ask, each dependency is asked about once in this time. */
const CACHE_MS = 1_000;

interface ProbeResult {
  ok: boolean;
  message?: string;
}
export interface Readiness extends z.infer<typeof readinessSchema> {
  checks: Record<string, ProbeResult>;
}

/** Without these requests cannot be served. */
const ESSENTIAL: ReadonlySet<string> = new Set(['database', 'store']);
/** With less the database of the standalone profile takes nothing any more: neither logins nor videos. */
const FULL_BYTES = 1024 ** 2;
const FULL = 'the disk is full';
/** So many files a few uploads make. */
const MIN_FREE_FILES = 1_000;

/** Asks each dependency whether it works, and then what else keeps the farm from working, for two seconds each at most. */
export async function checkDependencies(context: ServerContext): Promise<Readiness> {
  const { database, store, queue } = context;
  const asked = await Promise.all([
    ...Object.entries({ database, store }).map(([name, dependency]) =>
      probe(context, name, { ask: () => dependency.check(), logged: true }),
    ),
    // its driver logs by itself what becomes of it
    probe(context, 'queue', { ask: () => queue.check(), logged: false }),
  ]);
  const checks = Object.fromEntries(asked);
  const further = await Promise.all([
    ...(checks.store?.ok ? [checkDisk(context)] : []),
    // what is known of workers came through both
    ...(checks.database?.ok && checks.queue?.ok ? [checkWorkers(context)] : []),
  ]);
  Object.assign(checks, Object.fromEntries([...further.flat(), ...checkLog()]));
  const failed = Object.keys(checks).filter((name) => !checks[name]?.ok);
  const isFull = checks.disk?.message === FULL;
  if (isFull || failed.some((name) => ESSENTIAL.has(name))) return { status: 'unavailable', checks };
  return { status: 'ok', ...(failed.length > 0 && { degraded: failed }), checks };
}

type Check = [name: string, result: ProbeResult];

/** Of a store that is a folder; nothing of any other. */
async function checkDisk(context: ServerContext): Promise<Check[]> {
  const { store, config } = context;
  const space = await withTimeout(store.space(), CHECK_TIMEOUT_MS).catch(() => null);
  if (space === null) return [];
  const lacking =
    space.freeBytes < FULL_BYTES
      ? FULL
      : space.freeBytes < config.MIN_FREE_BYTES
        ? 'less is free than MIN_FREE_BYTES'
        : (space.freeFiles ?? MIN_FREE_FILES) < MIN_FREE_FILES
          ? 'there is no room for more files'
          : null;
  if (lacking === null) context.dependencyLog.up('disk');
  else context.dependencyLog.down('disk', lacking);
  return [['disk', lacking === null ? { ok: true } : { ok: false, message: lacking }]];
}

/** Nothing as long as what is logged can be written. */
function checkLog(): Check[] {
  const { lostLines } = standardError;
  return lostLines === 0 ? [] : [['log', { ok: false, message: 'standard error cannot be written' }]];
}

/** Nothing where the database does not respond in time. Which worker lacks what is in the farm view. */
async function checkWorkers(context: ServerContext): Promise<Check[]> {
  const now = new Date();
  const rows = await withTimeout(findWorkers(context.database.models, now), CHECK_TIMEOUT_MS).catch(
    () => null,
  );
  if (rows === null) return [];
  const states = rows.map((row) => farmStateOf(row, now));
  const able = states.filter((state) => state === 'idle' || state === 'busy').length;
  const unhealthy = states.filter((state) => state === 'sick').length;
  if (unhealthy > 0) {
    return [['workers', { ok: false, message: `${unhealthy} of ${unhealthy + able} cannot work` }]];
  }
  return [['workers', able > 0 ? { ok: true } : { ok: false, message: 'none takes tasks' }]];
}

/** Reads the same, at most a second old: requests that come meanwhile wait for the same checks. */
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
async function probe(
  { dependencyLog }: ServerContext,
  name: string,
  { ask, logged }: { ask: () => Promise<void>; logged: boolean },
): Promise<Check> {
  try {
    await withTimeout(ask(), CHECK_TIMEOUT_MS, 'its response');
    if (logged) dependencyLog.up(name);
    return [name, { ok: true }];
  } catch (error) {
    if (logged) dependencyLog.down(name, error);
    const late = error instanceof ReelmillError && error.code === 'timeout';
    return [name, { ok: false, message: late ? 'does not respond in time' : 'cannot be reached' }];
  }
}
