/** A task that waits, as far as the choice is concerned. */
export interface WaitingTask {
  id: number;
  videoId: number;
  /** Order within the video; the first look has the lowest. */
  position: number;
  /** When it could first have been chosen, in milliseconds. */
  availableAtMs: number;
  /** Of its video; a higher rank goes before everything that has a lower one. */
  priority: number;
}

/** After so long a wait a task counts as if it were a video's first, so that newcomers cannot push it back for ever. */
const AGED_MS = 120_000;

/**
 * Which tasks go next, best first: those of the highest priority, whatever waits besides. Of equal priority, videos take turns: one that has little in the farm goes before one that has much,
 * so a short clip is not stuck behind a long film. Within a turn the earlier part of a video goes first, then age.
 *
 * `inFlight` says how many tasks of each video are queued or running.
 */
export function chooseFairly(
  waiting: readonly WaitingTask[],
  inFlight: ReadonlyMap<number, number>,
  options: { slots: number; nowMs: number },
): WaitingTask[] {
  const turns = new Map(inFlight);
  const ranked = waiting
    .toSorted((a, b) => a.position - b.position || a.id - b.id)
    .map((task) => {
      const turn = turns.get(task.videoId) ?? 0;
      turns.set(task.videoId, turn + 1);
      return { task, turn, rank: options.nowMs - task.availableAtMs > AGED_MS ? 0 : task.position };
    });
  return ranked
    .sort(
      (a, b) =>
        b.task.priority - a.task.priority ||
        a.turn - b.turn ||
        a.rank - b.rank ||
        a.task.availableAtMs - b.task.availableAtMs ||
        a.task.id - b.task.id,
    )
    .slice(0, Math.max(0, options.slots))
    .map(({ task }) => task);
}
