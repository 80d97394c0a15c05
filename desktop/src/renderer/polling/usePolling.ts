import { useEffect, useRef } from 'react';
import { startPolling } from './polling.ts';

/** `startPolling` for as long as a component is shown. Another pause holds from now on; what is known is still fresh then. */
export function usePolling(work: (signal: AbortSignal) => Promise<unknown>, pauseMs: number): void {
  const latest = useRef(work);
  const begun = useRef(false);
  useEffect(() => {
    latest.current = work;
  });
  useEffect(() => {
    const atOnce = !begun.current;
    begun.current = true;
    return startPolling((signal) => latest.current(signal), { pauseMs, atOnce });
  }, [pauseMs]);
  useEffect(
    () => () => {
      begun.current = false;
    },
    [],
  );
}
