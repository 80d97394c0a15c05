import { useEffect, useRef, useState } from 'react';
import { notifyError } from './notify.tsx';

export interface Action<Args extends unknown[]> {
  /** Resolves to whether it succeeded; a failure has been shown. */
  run: (...args: Args) => Promise<boolean>;
  pending: boolean;
}

/**
 * An asynchronous action of the user. Starting it while it runs does nothing. A failure is shown as a notice, or passed
 * to `onError`.
 */
export function useAction<Args extends unknown[]>(
  work: (...args: Args) => Promise<unknown>,
  onError: (error: unknown) => void = notifyError,
): Action<Args> {
  const [pending, setPending] = useState(false);
  const running = useRef(false);
  const mounted = useIsMounted();

  const run = async (...args: Args): Promise<boolean> => {
    if (running.current) return false;
    running.current = true;
    setPending(true);
    try {
      await work(...args);
      return true;
    } catch (error) {
      onError(error);
      return false;
    } finally {
      running.current = false;
      if (mounted.current) setPending(false);
    }
  };
  return { run, pending };
}

function useIsMounted(): { readonly current: boolean } {
  const mounted = useRef(true);
  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);
  return mounted;
}
