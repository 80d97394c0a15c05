/** How many tasks were done at a moment, in milliseconds. */
export interface DoneCount {
  at: number;
  done: number;
}

/** How many tasks were finished while this view looked on. */
export interface Throughput {
  tasks: number;
  /** How long that was. */
  seconds: number;
  perMinute: number;
}

const LOOK_BACK_MS = 10 * 60_000;
/** Less than this says nothing. */
const LEAST_MS = 30_000;

/** With another count; what is too old is left out. Fewer than before (videos were deleted) begins anew. */
export function addCount(counts: readonly DoneCount[], count: DoneCount): readonly DoneCount[] {
  const last = counts.at(-1);
  if (last !== undefined && count.done < last.done) return [count];
  return [...counts.filter(({ at }) => at >= count.at - LOOK_BACK_MS), count];
}

/** Null until it has been watched for long enough. */
export function measureThroughput(counts: readonly DoneCount[]): Throughput | null {
  const first = counts[0];
  const last = counts.at(-1);
  if (first === undefined || last === undefined || last.at - first.at < LEAST_MS) return null;
  const seconds = (last.at - first.at) / 1000;
  const tasks = last.done - first.done;
  return { tasks, seconds, perMinute: (tasks / seconds) * 60 };
}
