export interface BackoffOptions {
  baseMs: number;
  maxMs: number;
  /** 0..1, random by default. */
  random?: () => number;
}

/** The wait before try `attempt` (1 is the first retry): exponential, with full jitter over its upper half. */
export function backoffMs(attempt: number, options: BackoffOptions): number {
  const ceiling = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt - 1, 30));
  const random = options.random ?? Math.random;
  return Math.round(ceiling / 2 + random() * (ceiling / 2));
}
