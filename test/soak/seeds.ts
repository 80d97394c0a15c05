/** The sources of `npm test`: every container, nearly every codec, and most of what sets a source apart. */
export const SEEDS: readonly number[] = [
  ...[2003, 2007, 2011, 2012, 2013, 2023, 2026, 2072, 2037, 2041],
  ...[2045, 2047, 2053, 2054, 2055, 2060, 2062, 2065, 2067, 2073],
];

/** Sources of kinds that are to be mended yet, by what is wrong with them. They become part of `SEEDS` as that is done. */
export const AWAITED_SEEDS: Readonly<Record<string, readonly number[]>> = {
  'pictures at borders of chunks': [1019, 2034],
  'beginning that cannot be decoded': [1000, 230, 188],
  'pictures that grow': [9, 1014, 2018, 2038],
  'sound that changes': [2, 1005, 2046],
  'sound that outlasts the pictures': [4, 165, 414, 2050],
  'one bad time of the sound': [91, 337, 2029],
  'flipped pictures': [1007, 2020, 26],
  'interlaced pictures that are rotated': [10, 2015],
  'interlaced from the middle on': [52, 2027],
  'transparent pictures': [8, 307, 2059],
};
