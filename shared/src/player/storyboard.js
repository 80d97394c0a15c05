/**
 * A tile of the storyboard; times are in seconds, places in pixels of the picture.
 * @typedef {{ start: number, end: number, picture: string, x: number, y: number, width: number, height: number }} Tile
 */

/** The tiles of a storyboard's WebVTT, in its order. @param {string} vtt @returns {Tile[]} */
export function parseStoryboard(vtt) {
  return vtt
    .split(/\r?\n\r?\n/)
    .map(parseCue)
    .filter((tile) => tile !== null);
}

/** The tile that stands for a time; the last one stands for all that follows. @param {readonly Tile[]} tiles @param {number} seconds */
export function findTile(tiles, seconds) {
  return tiles.find((tile) => seconds < tile.end) ?? tiles.at(-1) ?? null;
}

/** @param {string} block @returns {Tile | null} */
function parseCue(block) {
  const times = /^([\d:.]+)\s+-->\s+([\d:.]+)/m.exec(block);
  const place = /^(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/m.exec(block);
  if (times === null || place === null) return null;
  const [x = 0, y = 0, width = 0, height = 0] = place.slice(2).map(Number);
  return {
    start: parseTime(times[1] ?? ''),
    end: parseTime(times[2] ?? ''),
    picture: place[1] ?? '',
    x,
    y,
    width,
    height,
  };
}

/** @param {string} text */
function parseTime(text) {
  return text.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0);
}
