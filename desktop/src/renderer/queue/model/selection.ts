/** Which rows are chosen, where a range of them began, and which row the keyboard is at. */
export interface Selection {
  ids: ReadonlySet<string>;
  anchor: string | null;
  active: string | null;
}

export const NOTHING_SELECTED: Selection = { ids: new Set(), anchor: null, active: null };

export function selectOnly(id: string): Selection {
  return { ids: new Set([id]), anchor: id, active: id };
}

export function toggleSelected({ ids }: Selection, id: string): Selection {
  const toggled = new Set(ids);
  if (!toggled.delete(id)) toggled.add(id);
  return { ids: toggled, anchor: id, active: id };
}

/** Everything between the anchor and a row, and nothing else. */
export function extendSelection(selection: Selection, visible: readonly string[], id: string): Selection {
  const to = visible.indexOf(id);
  if (to < 0) return selection;
  const anchor = selection.anchor ?? selection.active ?? id;
  const from = visible.indexOf(anchor);
  if (from < 0) return selectOnly(id);
  const range = visible.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ids: new Set(range), anchor, active: id };
}

export function selectAll({ active }: Selection, visible: readonly string[]): Selection {
  return { ids: new Set(visible), anchor: visible[0] ?? null, active: active ?? visible[0] ?? null };
}

export function clearSelected({ active }: Selection): Selection {
  return { ids: new Set(), anchor: null, active };
}

/** Makes a row active and keeps the selected ones. */
export function activate({ ids, anchor }: Selection, id: string): Selection {
  return { ids, anchor, active: id };
}

/**
 * Returns the selection after rows were removed: the row that took the place of the active one becomes active. Returns the
 * same object where none of its rows was removed.
 */
export function pruneSelection(
  selection: Selection,
  before: readonly string[],
  after: readonly string[],
): Selection {
  const { ids, anchor, active } = selection;
  if (ids.size === 0 && anchor === null && active === null) return selection;
  const present = new Set(after);
  const isGone = (id: string | null): boolean => id !== null && !present.has(id);
  const kept = new Set([...ids].filter((id) => present.has(id)));
  if (kept.size === ids.size && !isGone(anchor) && !isGone(active)) return selection;
  return {
    ids: kept,
    anchor: isGone(anchor) ? null : anchor,
    active: active === null || present.has(active) ? active : successorOf(active, before, present),
  };
}

function successorOf(id: string, before: readonly string[], present: ReadonlySet<string>): string | null {
  const index = before.indexOf(id);
  const following = before.slice(index + 1).find((other) => present.has(other));
  return following ?? before.slice(0, Math.max(0, index)).findLast((other) => present.has(other)) ?? null;
}
