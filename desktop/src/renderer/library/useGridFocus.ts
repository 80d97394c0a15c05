import { type KeyboardEvent, type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { nextCard } from './gridLayout.ts';
import { libraryStore } from './libraryStore.ts';
import type { Range } from './pages.ts';

interface GridFocusOptions {
  columns: number;
  count: number;
  /** The cards that are there. */
  shown: Range;
  pageRows: number;
  scrollTo: (index: number) => void;
}

interface GridFocus {
  grid: RefObject<HTMLDivElement | null>;
  /** The card at which the Tab key stops. */
  tabStop: number;
  noteFocus: (index: number) => void;
  pressKey: (event: KeyboardEvent) => void;
}

/** One stop for the Tab key, and the arrow keys within, as in any grid. Coming back from a video leads to its card. */
export function useGridFocus({ columns, count, shown, pageRows, scrollTo }: GridFocusOptions): GridFocus {
  const grid = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  /** The card that takes the focus as soon as it is there. */
  const wanted = useRef<number | null>(null);
  const isThere = active >= shown.first && active <= shown.last;

  useEffect(() => {
    if (wanted.current === null) return;
    const card = grid.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"]`);
    if (card == null) return;
    wanted.current = null;
    card.focus({ preventScroll: true });
  });
  useFocusOfReturn(grid);

  const pressKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const from = Number(event.target instanceof HTMLElement ? event.target.dataset.index : Number.NaN);
    if (Number.isNaN(from)) return;
    const to = nextCard(event.key, from, { columns, count, pageRows });
    if (to === undefined) return;
    event.preventDefault();
    wanted.current = to;
    setActive(to);
    scrollTo(to);
  };
  const noteFocus = useCallback((index: number) => setActive(index), []);
  return { grid, tabStop: isThere ? active : shown.first, noteFocus, pressKey };
}

function useFocusOfReturn(grid: RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const { videoId, scrollTop } = libraryStore.getState().place;
    if (videoId === null) return;
    // after the heading of the view has been given the focus
    const frame = requestAnimationFrame(() => {
      const card = grid.current?.querySelector<HTMLElement>(`[data-video-id="${videoId}"]`);
      card?.focus({ preventScroll: true });
      libraryStore.getState().leave({ scrollTop, videoId: null });
    });
    return () => cancelAnimationFrame(frame);
  }, [grid]);
}
