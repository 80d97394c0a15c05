import { useEffect, useRef } from 'react';
import { startPolling } from './polling.ts';

/** `startPolling` for as long as a component is shown; another pause begins it anew. */
export function usePolling(work: (signal: AbortSignal) => Promise<unknown>, pauseMs: number): void {
  const latest = useRef(work);
  useEffect(() => {
    latest.current = work;
  });
  useEffect(() => startPolling((signal) => latest.current(signal), pauseMs), [pauseMs]);
}
