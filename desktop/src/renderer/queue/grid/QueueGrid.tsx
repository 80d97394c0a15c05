// biome-ignore-all lint/a11y/useSemanticElements: a table cannot hold the rows of a virtual list
// biome-ignore-all lint/a11y/useFocusableInteractive: the rows take the focus
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useQueue } from '../model/queueStore.ts';
import { UploadRow } from '../row/UploadRow.tsx';
import { DragLayer } from './DragLayer.tsx';
import { HintLayer } from './HintLayer.tsx';
import classes from './QueueGrid.module.css';
import { useGridFocus } from './useGridFocus.ts';
import { useGridInput } from './useGridInput.ts';
import { useRowHeights } from './useRowHeights.ts';

const OVERSCAN_ROWS = 4;

/**
 * The rows in sight, of thousands. One row is in the order of the Tab key, and so are its buttons; arrows lead to the
 * others. That row stays drawn when it is scrolled out of sight, or the focus would be lost.
 */
export function QueueGrid() {
  const { t } = useTranslation('queue');
  const scroller = useRef<HTMLDivElement>(null);
  const visible = useQueue((state) => state.visible);
  const { virtualizer, dragged } = useRowWindow(scroller, visible);
  const focus = useGridFocus(scroller, virtualizer);
  const input = useGridInput(virtualizer);
  return (
    <div ref={scroller} className={classes.scroller}>
      <DragLayer virtualizer={virtualizer} scroller={scroller} dragged={dragged}>
        <div
          role="grid"
          aria-label={t('list')}
          aria-multiselectable
          aria-rowcount={visible.length}
          className={classes.grid}
          style={{ height: virtualizer.getTotalSize() }}
          {...focus}
          {...input}
        >
          {virtualizer.getVirtualItems().map(({ key, index, start, size }) => (
            <UploadRow key={key} id={String(key)} index={index} start={start} height={size} />
          ))}
        </div>
      </DragLayer>
      <HintLayer within={scroller} />
    </div>
  );
}

function useRowWindow(scroller: RefObject<HTMLDivElement | null>, visible: readonly string[]) {
  const { heightAt, keyAt } = useRowHeights();
  const active = useQueue((state) => state.selection.active);
  const activeIndex = active === null ? -1 : visible.indexOf(active);
  const dragged = useRef<string | null>(null);
  const rangeExtractor = useCallback(
    (range: Range): number[] => {
      const kept = [activeIndex, dragged.current === null ? -1 : visible.indexOf(dragged.current)];
      const indexes = new Set([...defaultRangeExtractor(range), ...kept.filter((index) => index >= 0)]);
      return [...indexes].sort((a, b) => a - b);
    },
    [activeIndex, visible],
  );
  const virtualizer = useVirtualizer<HTMLDivElement, HTMLDivElement>({
    count: visible.length,
    getScrollElement: () => scroller.current,
    estimateSize: heightAt,
    getItemKey: keyAt,
    overscan: OVERSCAN_ROWS,
    rangeExtractor,
  });
  return { virtualizer, dragged };
}
