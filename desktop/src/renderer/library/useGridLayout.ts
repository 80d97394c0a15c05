import { type RefObject, useLayoutEffect, useState } from 'react';
import { type GridLayout, layoutGrid } from './gridLayout.ts';

/** The layout of the grid in an element, as wide as that is; null until it is known. */
export function useGridLayout(element: RefObject<HTMLElement | null>): GridLayout | null {
  const [layout, setLayout] = useState<GridLayout | null>(null);
  useLayoutEffect(() => {
    const measured = element.current;
    if (measured === null) return;
    const update = (): void => {
      const next = layoutGrid(measured.clientWidth);
      setLayout((before) =>
        before?.columns === next.columns && before.rowHeight === next.rowHeight ? before : next,
      );
    };
    update();
    const observer = new ResizeObserver(update);
    observer.observe(measured);
    return () => observer.disconnect();
  }, [element]);
  return layout;
}
