import type { Priority } from '../contracts/videos.ts';

/** Tasks of a higher rank go before all others. */
export const PRIORITY_RANKS = { low: -1, normal: 0, high: 1 } as const satisfies Record<Priority, number>;

/** The priority of a rank as the database keeps it. */
export function priorityOf(rank: number): Priority {
  if (rank === 0) return 'normal';
  return rank < 0 ? 'low' : 'high';
}
