/**
 * Returns the index in the whole queue of a row that is moved among the visible ones, or null where it does not move.
 * `visibleIndex` is its index among the visible rows afterwards.
 */
export function queueIndexFor(
  order: readonly string[],
  visible: readonly string[],
  id: string,
  visibleIndex: number,
): number | null {
  const from = visible.indexOf(id);
  const to = Math.max(0, Math.min(visible.length - 1, visibleIndex));
  const neighbor = visible[to];
  if (from < 0 || neighbor === undefined || neighbor === id) return null;
  const others = order.filter((other) => other !== id);
  const place = others.indexOf(neighbor);
  // downwards it goes behind the row whose place it takes, upwards before it
  return to > from ? place + 1 : place;
}

export function moveInOrder(order: readonly string[], id: string, index: number): string[] {
  return order.filter((other) => other !== id).toSpliced(index, 0, id);
}
