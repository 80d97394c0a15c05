/** The sources of `npm test`. */
export const SEEDS: readonly number[] = [1];
