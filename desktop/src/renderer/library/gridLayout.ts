/** The least that a card is wide. */
const CARD_WIDTH = 200;
/** Between cards, and between their rows. */
export const GAP = 16;
/** What is under the picture of a card: two lines of title and one about its state. */
const TEXT_HEIGHT = 86;

export interface GridLayout {
  columns: number;
  /** With the gap below it. */
  rowHeight: number;
}

/** As many columns as fit; everything is in CSS pixels. */
export function layoutGrid(width: number): GridLayout {
  const columns = Math.max(1, Math.floor((width + GAP) / (CARD_WIDTH + GAP)));
  const cardWidth = (width - GAP * (columns - 1)) / columns;
  return { columns, rowHeight: Math.round((cardWidth * 9) / 16) + TEXT_HEIGHT + GAP };
}

/** Where the grid is to be scrolled to, so that the same card is at the top with another layout. */
export function keepPlace(scrollTop: number, before: GridLayout, after: GridLayout): number {
  const rows = scrollTop / before.rowHeight;
  const firstCard = Math.floor(rows) * before.columns;
  return (Math.floor(firstCard / after.columns) + (rows % 1)) * after.rowHeight;
}

/** Where a key leads from a card; undefined for other keys. `pageRows` are the rows in the window. */
export function nextCard(
  key: string,
  from: number,
  grid: { columns: number; count: number; pageRows: number },
): number | undefined {
  const { columns, count, pageRows } = grid;
  const last = count - 1;
  const to = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from - columns,
    // into the last row too, where it is shorter
    ArrowDown:
      Math.floor(from / columns) < Math.floor(last / columns) ? Math.min(from + columns, last) : from,
    PageUp: from - columns * Math.min(pageRows, Math.floor(from / columns)),
    PageDown: Math.min(from + columns * pageRows, last),
    Home: 0,
    End: last,
  }[key];
  if (to === undefined) return undefined;
  return to < 0 || to > last ? from : to;
}
