import type { Virtualizer } from '@tanstack/react-virtual';
import { type FocusEvent, type RefObject, useEffect, useRef } from 'react';
import { focusRow, useInteraction } from '../model/interaction.ts';
import { queueStore, useQueue } from '../model/queueStore.ts';
import { activate } from '../model/selection.ts';

export interface GridFocus {
  onFocus: (event: FocusEvent<HTMLElement>) => void;
  onBlur: (event: FocusEvent<HTMLElement>) => void;
}

/**
 * Keeps the focus on the active row: it follows the arrow keys, moves to the next row when a row is removed, and returns
 * when a menu or a dialog is closed.
 */
export function useGridFocus(
  scroller: RefObject<HTMLDivElement | null>,
  virtualizer: Virtualizer<HTMLDivElement, HTMLDivElement>,
): GridFocus {
  const isInside = useRef(false);
  const active = useQueue((state) => state.selection.active);
  const isBusy = useInteraction(
    ({ menu, confirmation, editing }) => menu !== null || confirmation !== null || editing !== null,
  );

  useEffect(() => {
    if (active === null || isBusy || !isInside.current) return;
    const index = queueStore.getState().visible.indexOf(active);
    if (index < 0) return;
    const row = document.activeElement?.closest('[role="row"]');
    // a button of the row has been reached with Tab or the pointer
    if (row instanceof HTMLElement && row.dataset.id === active) return;
    virtualizer.scrollToIndex(index);
    focusRow(active);
  }, [active, isBusy, virtualizer]);

  return {
    onFocus: (event) => {
      isInside.current = true;
      const id = rowIdOf(event.target);
      if (id === null || id === queueStore.getState().selection.active) return;
      queueStore.getState().select((selection) => activate(selection, id));
    },
    onBlur: ({ relatedTarget }) => {
      // a row that goes takes the focus with it to nowhere; that is no leaving
      const leaves = relatedTarget instanceof Node && !scroller.current?.contains(relatedTarget);
      if (leaves && !isInOverlay(relatedTarget)) isInside.current = false;
    },
  };
}

/** The row that something is part of. */
export function rowIdOf(target: EventTarget): string | null {
  if (!(target instanceof Element)) return null;
  return target.closest<HTMLElement>('[role="row"]')?.dataset.id ?? null;
}

/** Menus and dialogs are opened from rows and give the focus back to them. */
function isInOverlay(target: Node): boolean {
  return target instanceof Element && target.closest('[role="menu"], [role="dialog"]') !== null;
}
