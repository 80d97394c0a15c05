/** The part of the document that reports whether the window is visible. */
export type Visibility = Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>;

interface PollingOptions {
  pauseMs: number;
  /** Whether the first call is made now, and not after a pause. */
  atOnce?: boolean;
  page?: Visibility;
}

/**
 * Repeats `work` while the window is visible: `pauseMs` after the last call has ended, and at once when the window becomes
 * visible again. `work` handles its failures itself; its signal is aborted when the polling ends.
 * Returns a function that ends it.
 */
export function startPolling(
  work: (signal: AbortSignal) => Promise<unknown>,
  { pauseMs, atOnce = true, page = document }: PollingOptions,
): () => void {
  const ended = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;

  const run = async (): Promise<void> => {
    clearTimeout(timer);
    if (running || ended.signal.aborted || page.visibilityState === 'hidden') return;
    running = true;
    await work(ended.signal).catch(() => undefined);
    running = false;
    if (!ended.signal.aborted) timer = setTimeout(run, pauseMs);
  };
  const noteVisibility = (): void => void run();
  page.addEventListener('visibilitychange', noteVisibility);
  if (atOnce) void run();
  else timer = setTimeout(run, pauseMs);
  return () => {
    ended.abort();
    clearTimeout(timer);
    page.removeEventListener('visibilitychange', noteVisibility);
  };
}
