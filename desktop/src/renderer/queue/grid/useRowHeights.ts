import { useCallback } from 'react';
import { queueStore, useQueue } from '../model/queueStore.ts';
import { actionsFor } from '../model/rowActions.ts';

/** In pixels, as the style sheet of the rows lays them out. */
const ROW_HEIGHT = 72;
const FAILED_ROW_HEIGHT = 84;
const FIXES_HEIGHT = 24;

/** Heights follow from what rows show: nothing is measured, so that thousands of rows cost nothing. */
export function useRowHeights(): { heightAt: (index: number) => number; keyAt: (index: number) => string } {
  const visible = useQueue((state) => state.visible);
  const layout = useQueue((state) => state.layout);
  const heightAt = useCallback((index: number) => heightOf(visible[index]), [visible]);
  // another function makes the list lay its rows out again
  const keyAt = useCallback((index: number) => visible[index] ?? `${layout}/${index}`, [visible, layout]);
  return { heightAt, keyAt };
}

function heightOf(id: string | undefined): number {
  const row = id === undefined ? undefined : queueStore.getState().rows.get(id);
  if (!row?.failure) return ROW_HEIGHT;
  return FAILED_ROW_HEIGHT + (actionsFor(row).fixes.length > 0 ? FIXES_HEIGHT : 0);
}
