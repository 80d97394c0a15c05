import type { TaskKind } from '@reelmill/shared/contracts/tasks.ts';

/** How long tasks of one kind took, lately. A unit is a frame (encode) or a thousandth (other kinds). */
export interface KindSpeed {
  kind: TaskKind;
  units: number;
  seconds: number;
}

/** Units that are still to be done, by kind. */
export interface KindBacklog {
  kind: TaskKind;
  units: number;
}

/** Nobody should wait longer than this for what is planned already. */
const WANTED_DRAIN_SECONDS = 600;
const MAX_SUGGESTED = 64;

/**
 * How long `workers` workers take for what is planned, and how many would do it in ten minutes. A kind that nothing is
 * known of counts nothing; `drainSeconds` is null where that is all there is, or where nobody works.
 */
export function estimateDrain(
  backlog: readonly KindBacklog[],
  speeds: readonly KindSpeed[],
  workers: number,
): { drainSeconds: number | null; suggestedReplicas: number } {
  const secondsPerUnit = new Map(
    speeds.filter(({ units }) => units > 0).map(({ kind, units, seconds }) => [kind, seconds / units]),
  );
  const open = backlog.filter(({ units }) => units > 0);
  const known = open.filter(({ kind }) => secondsPerUnit.has(kind));
  if (open.length === 0) return { drainSeconds: 0, suggestedReplicas: 1 };
  if (known.length === 0) return { drainSeconds: null, suggestedReplicas: Math.max(1, workers) };
  const workSeconds = known.reduce(
    (sum, { kind, units }) => sum + units * (secondsPerUnit.get(kind) ?? 0),
    0,
  );
  const suggested = Math.ceil(workSeconds / WANTED_DRAIN_SECONDS);
  return {
    drainSeconds: workers === 0 ? null : Math.round(workSeconds / workers),
    suggestedReplicas: Math.min(MAX_SUGGESTED, Math.max(1, suggested)),
  };
}
