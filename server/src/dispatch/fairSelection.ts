import type { InFlight } from '../users/inFlight.ts';

/** A task that waits, as far as the selection is concerned. */
export interface WaitingTask {
  id: number;
  userId: number;
  videoId: number;
  /** Order within the video; the first look has the lowest. */
  position: number;
  /** When it could first have been chosen, in milliseconds. */
  availableAtMs: number;
  /** Of its video; a higher rank goes before everything that has a lower one. */
  priority: number;
}

export interface FairSelectionOptions {
  /** Tasks that may be chosen. */
  slots: number;
  nowMs: number;
  /** How many tasks a user may have in flight, for users with such a limit. */
  limitOfUser?: ReadonlyMap<number, number>;
}

/** After so long a wait a task counts as if it were a video's first, so that newcomers cannot push it back for ever. */
const AGED_MS = 120_000;

/**
 * Returns the tasks that go next, best first: those of the highest priority, whatever waits besides. Of equal priority,
 * users take turns, and so do the videos of each: who has little in the farm goes before who has much. So while several
 * users wait, each gets an equal share of the workers however much they have queued, and one who is alone gets them all.
 * Within a turn the earlier part of a video goes first, then age.
 */
export function selectFairly(
  waiting: readonly WaitingTask[],
  inFlight: InFlight,
  options: FairSelectionOptions,
): WaitingTask[] {
  const rankOf = ({ availableAtMs, position }: WaitingTask): number =>
    options.nowMs - availableAtMs > AGED_MS ? 0 : position;
  const byRank = (a: WaitingTask, b: WaitingTask): number =>
    rankOf(a) - rankOf(b) || a.availableAtMs - b.availableAtMs || a.id - b.id;
  const byTurn = (a: Turn, b: Turn): number =>
    b.task.priority - a.task.priority || a.turn - b.turn || byRank(a.task, b.task);

  const ofUsers = Map.groupBy(waiting, ({ userId }) => userId);
  const turns = [...ofUsers].flatMap(([userId, tasks]) => {
    const before = inFlight.ofUser.get(userId) ?? 0;
    const room = (options.limitOfUser?.get(userId) ?? Number.POSITIVE_INFINITY) - before;
    return takeTurns(tasks, inFlight.ofVideo)
      .sort(byTurn)
      .slice(0, Math.max(0, room))
      .map(({ task }, index) => ({ task, turn: before + index }));
  });
  return turns
    .sort(byTurn)
    .slice(0, Math.max(0, options.slots))
    .map(({ task }) => task);
}

interface Turn {
  task: WaitingTask;
  /** How many tasks of the same video, or of the same user, go before it or are in flight. */
  turn: number;
}

/** The videos of one user take turns. */
function takeTurns(tasks: readonly WaitingTask[], inFlight: ReadonlyMap<number, number>): Turn[] {
  const turns = new Map(inFlight);
  return tasks
    .toSorted((a, b) => a.position - b.position || a.id - b.id)
    .map((task) => {
      const turn = turns.get(task.videoId) ?? 0;
      turns.set(task.videoId, turn + 1);
      return { task, turn };
    });
}
