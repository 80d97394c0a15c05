import { Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../format/useFormats.ts';
import { usePolling } from '../polling/usePolling.ts';
import { Page } from '../ui/Page.tsx';
import { EmptyLibrary, LibraryFailed, NothingFound, OutOfDate } from './emptyStates.tsx';
import { GridSkeleton } from './GridSkeleton.tsx';
import { LibraryToolbar } from './LibraryToolbar.tsx';
import { hasActiveVideos, libraryStore, useLibrary } from './libraryStore.ts';
import { isNarrowed } from './query.ts';
import { followUploads } from './uploadNews.ts';
import { useGridLayout } from './useGridLayout.ts';
import { VideoGrid } from './VideoGrid.tsx';
import classes from './VideoList.module.css';

const UNDER_WAY_MS = 3_000;
const CALM_MS = 60_000;

/** The library's grid with its search, filter and order. */
export function VideoList() {
  const { t } = useTranslation('library');
  const { count: formatCount } = useFormats();
  const total = useLibrary((state) => state.total);
  const outdated = useLibrary((state) => state.outdated);
  const isEmpty = useLibrary((state) => state.total === 0 && !state.outdated && !isNarrowed(state.query));
  useFreshLibrary();
  return (
    <Page
      title={
        <>
          {t('title')}
          {total !== null && total > 0 && !outdated && (
            <Text component="span" className={classes.count ?? ''} c="dimmed" size="sm">
              {t('count', { count: total, formatted: formatCount(total) })}
            </Text>
          )}
        </>
      }
      toolbar={isEmpty ? undefined : <LibraryToolbar />}
      scroll="content"
    >
      <Videos />
    </Page>
  );
}

function Videos() {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const layout = useGridLayout(content);
  const total = useLibrary((state) => state.total);
  const failed = useLibrary((state) => state.failure !== null);
  const outdated = useLibrary((state) => state.outdated);
  const narrowed = useLibrary((state) => isNarrowed(state.query));
  const nothing = failed && (total === null || outdated);
  return (
    <>
      {failed && !nothing && <OutOfDate />}
      <div className={classes.place}>
        <div ref={scroller} className={classes.scroller}>
          <div ref={content} className={classes.content}>
            {nothing && <LibraryFailed />}
            {!nothing && layout !== null && total === null && <GridSkeleton layout={layout} />}
            {!nothing && total === 0 && (narrowed || outdated ? <NothingFound /> : <EmptyLibrary />)}
            {!nothing && layout !== null && total !== null && total > 0 && (
              <VideoGrid scroller={scroller} layout={layout} total={total} />
            )}
          </div>
        </div>
      </div>
    </>
  );
}

/** Keeps what is shown up to date: soon while something is under way, and when an upload has become a video. */
function useFreshLibrary(): void {
  const underWay = useLibrary(hasActiveVideos);
  const { refresh, show } = libraryStore.getState();
  usePolling(refresh, underWay ? UNDER_WAY_MS : CALM_MS);
  useEffect(() => {
    const { total, shown } = libraryStore.getState();
    if (total === null) show(shown);
  }, [show]);
  useEffect(() => followUploads(() => void refresh()), [refresh]);
}
