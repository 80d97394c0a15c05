/** How a bench is run. */
export interface BenchOptions {
  /** How often each side runs, in turns. */
  runs: number;
  /** Length of the film; the whole one where it is not given. */
  seconds: number | undefined;
  /** Told after each turn, because some take minutes. */
  onRun(what: string): void;
}
