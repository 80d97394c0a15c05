import type { Virtualizer } from '@tanstack/react-virtual';
import type { KeyboardEvent, MouseEvent } from 'react';
import { moveRowBy, perform, removeRows, rowsOf } from '../model/commands.ts';
import { editTitle, openMenu } from '../model/interaction.ts';
import { queueStore } from '../model/queueStore.ts';
import { canRename, canWatch } from '../model/rowActions.ts';
import {
  activate,
  clearSelected,
  extendSelection,
  type Selection,
  selectAll,
  selectOnly,
  toggleSelected,
} from '../model/selection.ts';
import { rowForKey } from './gridKeys.ts';
import { rowIdOf } from './useGridFocus.ts';

type GridVirtualizer = Virtualizer<HTMLDivElement, HTMLDivElement>;

export interface GridInput {
  onClick: (event: MouseEvent<HTMLElement>) => void;
  onContextMenu: (event: MouseEvent<HTMLElement>) => void;
  onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
}

/** What the pointer and the keyboard do in the list; the rows themselves need no handlers. */
export function useGridInput(virtualizer: GridVirtualizer): GridInput {
  return {
    onClick: (event) => {
      const id = rowIdOf(event.target);
      if (id === null || isControl(event.target)) return;
      select((selection, visible) => {
        if (event.shiftKey) return extendSelection(selection, visible, id);
        return event.ctrlKey || event.metaKey ? toggleSelected(selection, id) : selectOnly(id);
      });
    },
    onContextMenu: (event) => {
      const id = rowIdOf(event.target);
      if (id === null || isField(event.target)) return;
      event.preventDefault();
      select((selection) => (selection.ids.has(id) ? activate(selection, id) : selectOnly(id)));
      openMenu(id, event.clientX, event.clientY);
    },
    onKeyDown: (event) => {
      if (isField(event.target) || event.defaultPrevented) return;
      if (moveWithKeys(event, virtualizer) || actWithKeys(event)) event.preventDefault();
    },
  };
}

/** Arrows, pages and ends; with Shift they extend the selection, with Ctrl they leave it alone. */
function moveWithKeys(event: KeyboardEvent, virtualizer: GridVirtualizer): boolean {
  const { selection, visible } = queueStore.getState();
  const id = selection.active ?? visible[0];
  if (event.altKey) {
    if (id === undefined || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return false;
    moveRowBy(id, event.key === 'ArrowUp' ? -1 : 1);
    virtualizer.scrollToIndex(queueStore.getState().visible.indexOf(id));
    return true;
  }
  const index = rowForKey(event.key, selection.active === null ? -1 : visible.indexOf(selection.active), {
    count: visible.length,
    pageRows: pageRowsOf(virtualizer),
  });
  const target = index === null ? undefined : visible[index];
  if (target === undefined) return false;
  select((before) => {
    if (event.shiftKey) return extendSelection(before, visible, target);
    return event.ctrlKey || event.metaKey ? activate(before, target) : selectOnly(target);
  });
  return true;
}

function actWithKeys(event: KeyboardEvent): boolean {
  const { selection } = queueStore.getState();
  const [row] = selection.active === null ? [] : rowsOf([selection.active]);
  const chosen = selection.ids.size > 0 ? rowsOf(selection.ids) : row === undefined ? [] : [row];
  const modified = event.ctrlKey || event.metaKey;
  switch (event.key) {
    case 'a':
    // with the caps lock on
    case 'A':
      if (!modified) return false;
      select(selectAll);
      return true;
    case ' ':
      if (row === undefined || isControl(event.target)) return false;
      select((before) => toggleSelected(before, row.id));
      return true;
    case 'Enter':
      if (row === undefined || isControl(event.target) || !canWatch(row)) return false;
      perform('watch', row);
      return true;
    case 'F2':
      if (row === undefined || !canRename(row)) return false;
      editTitle(row.id);
      return true;
    case 'Delete':
      removeRows(chosen);
      return true;
    case 'Escape':
      select(clearSelected);
      return true;
    default:
      return false;
  }
}

function select(change: (selection: Selection, visible: readonly string[]) => Selection): void {
  queueStore.getState().select(change);
}

function pageRowsOf({ scrollRect, options }: GridVirtualizer): number {
  return Math.max(1, Math.floor((scrollRect?.height ?? 0) / options.estimateSize(0)) - 1);
}

/** Whether it does something of its own when it is clicked. */
function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest('button, input, a, [role="menu"]') !== null;
}

function isField(target: EventTarget): boolean {
  return target instanceof HTMLInputElement;
}
