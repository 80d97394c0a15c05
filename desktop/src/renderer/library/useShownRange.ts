import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import { libraryStore } from './libraryStore.ts';

/** Rows that rush by are not worth a question to the server. */
const SETTLED_MS = 120;

/** Has the videos of a range loaded: at once when it is first shown, later when the scrolling slows down. */
export function useShownRange(first: number, last: number): void {
  const begun = useRef(false);
  const showSoon = useDebouncedCallback((from: number, to: number) => {
    libraryStore.getState().show({ first: from, last: to });
  }, SETTLED_MS);
  useEffect(() => {
    if (begun.current) return showSoon(first, last);
    begun.current = true;
    libraryStore.getState().show({ first, last });
  }, [first, last, showSoon]);
}
