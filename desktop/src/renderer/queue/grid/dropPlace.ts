/** A row as it lies in the list; `start` and `end` are distances from the top of the list, in pixels. */
export interface PlacedRow {
  index: number;
  start: number;
  end: number;
}

/** Where a dragged row would come to lie: its index among the visible rows, and the height of the line that shows it. */
export interface DropPlace {
  index: number;
  lineAt: number;
}

/** `over` is the row under the pointer, `from` the index of the one that is dragged. */
export function dropPlaceAt(pointerY: number, over: PlacedRow, from: number): DropPlace {
  const isUpperHalf = pointerY < (over.start + over.end) / 2;
  const gap = isUpperHalf ? over.index : over.index + 1;
  return { index: gap > from ? gap - 1 : gap, lineAt: isUpperHalf ? over.start : over.end };
}
