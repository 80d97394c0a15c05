/** What says whether the window is to be seen: the document. */
export type Visibility = Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>;

interface PollingOptions {
  pauseMs: number;
  /** Whether the first time is now, and not after a pause. */
  atOnce?: boolean;
  page?: Visibility;
}

/**
 * Does something again and again while the window is to be seen: `pauseMs` after the last time has ended, and at once
 * when the window comes back. `work` shows its failures itself; the signal is aborted when it is not wanted any more.
 * Answers the function that ends it.
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
