/** The sources of `npm test`: every container, nearly every codec, and most of what sets a source apart. */
export const SEEDS: readonly number[] = [
  ...[2003, 2007, 2012, 2023, 2026, 2037, 2045, 2053, 2060, 2065],
  // borders of chunks, a cut-off head, growing pictures, changing sound, sound that outlasts them, one bad time
  ...[1019, 1000, 9, 1005, 4, 91],
  // flipped, rotated and interlaced, interlaced from the middle on, transparent
  ...[1007, 10, 52, 8],
];
