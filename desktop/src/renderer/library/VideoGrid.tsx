import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { openVideo } from '../navigation/navigationStore.ts';
import { GAP, type GridLayout, keepPlace } from './gridLayout.ts';
import { libraryStore, useLibrary } from './libraryStore.ts';
import { type Pages, videoAt } from './pages.ts';
import { useGridFocus } from './useGridFocus.ts';
import { useShownRange } from './useShownRange.ts';
import { CardSkeleton, VideoCard } from './VideoCard.tsx';
import classes from './VideoGrid.module.css';

interface VideoGridProps {
  /** What scrolls. */
  scroller: RefObject<HTMLDivElement | null>;
  layout: GridLayout;
  total: number;
}

/** All videos of the library; only those in sight are there, whatever their number. */
export function VideoGrid({ scroller, layout, total }: VideoGridProps) {
  const { t } = useTranslation('library');
  const { columns, rowHeight } = layout;
  const pages = useLibrary((state) => state.pages);
  const outdated = useLibrary((state) => state.outdated);
  const rowCount = Math.ceil(total / columns);
  const virtualizer = useVirtualizer({
    count: rowCount,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 2,
    initialOffset: () => libraryStore.getState().place.scrollTop,
    // the last row needs no gap below it, but the window does
    paddingEnd: GAP,
  });
  const rows = virtualizer.getVirtualItems();
  const first = (rows[0]?.index ?? 0) * columns;
  const last = Math.min(total - 1, ((rows.at(-1)?.index ?? 0) + 1) * columns - 1);

  useStablePlace(scroller, layout, () => virtualizer.measure());
  useShownRange(first, last);
  useTopOfNewQuery(scroller);
  const opened = useRef<number | null>(null);
  useRememberedPlace(() => virtualizer.scrollOffset ?? 0, opened);
  const { grid, tabStop, noteFocus, pressKey } = useGridFocus({
    columns,
    count: total,
    shown: { first, last },
    pageRows: Math.max(1, Math.floor((scroller.current?.clientHeight ?? rowHeight) / rowHeight)),
    scrollTo: (index) => virtualizer.scrollToIndex(Math.floor(index / columns)),
  });
  const open = useCallback((video: Video): void => {
    opened.current = video.id;
    openVideo(video.id);
  }, []);
  const refresh = useCallback((): void => void libraryStore.getState().refresh(), []);

  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot be drawn in rows that come and go
    <div
      ref={grid}
      role="grid"
      className={classes.grid}
      aria-label={t('grid')}
      aria-rowcount={rowCount}
      aria-colcount={columns}
      aria-busy={outdated}
      style={{ height: virtualizer.getTotalSize() }}
      onKeyDown={pressKey}
    >
      {rows.map((row) => (
        // biome-ignore lint/a11y/useSemanticElements: as above
        // biome-ignore lint/a11y/useFocusableInteractive: the card in a cell takes the focus
        <div
          key={row.key}
          role="row"
          aria-rowindex={row.index + 1}
          className={classes.row}
          style={{
            height: rowHeight - GAP,
            transform: `translateY(${row.start}px)`,
            gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
          }}
        >
          {cellsOf(row.index, columns, total).map((index) => (
            // biome-ignore lint/a11y/useSemanticElements: as above
            // biome-ignore lint/a11y/useFocusableInteractive: as above
            <div key={index} role="gridcell" aria-colindex={(index % columns) + 1} className={classes.cell}>
              <Card
                pages={pages}
                index={index}
                isTabStop={index === tabStop}
                onOpen={open}
                onFocus={noteFocus}
                onCoverFailed={refresh}
              />
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}

interface CardProps {
  pages: Pages;
  index: number;
  isTabStop: boolean;
  onOpen: (video: Video) => void;
  onFocus: (index: number) => void;
  onCoverFailed: () => void;
}

function Card({ pages, ...card }: CardProps) {
  const video = videoAt(pages, card.index);
  return video === undefined ? <CardSkeleton /> : <VideoCard video={video} {...card} />;
}

function cellsOf(row: number, columns: number, total: number): number[] {
  const first = row * columns;
  return Array.from({ length: Math.min(columns, total - first) }, (_, column) => first + column);
}

/** Keeps the same cards in sight when the window becomes wider or narrower. */
function useStablePlace(
  scroller: RefObject<HTMLDivElement | null>,
  layout: GridLayout,
  measure: () => void,
): void {
  const before = useRef(layout);
  const remeasure = useRef(measure);
  remeasure.current = measure;
  useLayoutEffect(() => {
    const from = before.current;
    before.current = layout;
    if (from.columns === layout.columns && from.rowHeight === layout.rowHeight) return;
    remeasure.current();
    const element = scroller.current;
    if (element !== null) element.scrollTop = keepPlace(element.scrollTop, from, layout);
  }, [scroller, layout]);
}

function useTopOfNewQuery(scroller: RefObject<HTMLDivElement | null>): void {
  const query = useLibrary((state) => state.query);
  const [shown, setShown] = useState(query);
  useEffect(() => {
    if (shown === query) return;
    setShown(query);
    scroller.current?.scrollTo({ top: 0 });
  }, [scroller, query, shown]);
}

/** For the way back: where the grid was, and which card was opened. */
function useRememberedPlace(readOffset: () => number, opened: RefObject<number | null>): void {
  const read = useRef(readOffset);
  useEffect(() => {
    read.current = readOffset;
  });
  useEffect(
    () => () => libraryStore.getState().leave({ scrollTop: read.current(), videoId: opened.current }),
    [opened],
  );
}
