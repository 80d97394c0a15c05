/** A tile of the storyboard; times are in seconds, positions and sizes in pixels of the picture. */
export interface Tile {
  start: number;
  end: number;
  picture: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Returns the tiles of a storyboard's WebVTT, in its order. */
export function parseStoryboard(vtt: string): Tile[] {
  return vtt
    .split(/\r?\n\r?\n/)
    .map(parseCue)
    .filter((tile) => tile !== null);
}

/** Returns the tile of a time, the last one for any time after it; null where there is none. */
export function findTile(tiles: readonly Tile[], seconds: number): Tile | null {
  return tiles.find((tile) => seconds < tile.end) ?? tiles.at(-1) ?? null;
}

function parseCue(block: string): Tile | null {
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

function parseTime(text: string): number {
  return text.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0);
}
