/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** What a run took: time on the clock, and time on all cores together. */
export interface Cost {
  seconds: number;
  cpuSeconds: number;
}

/** The middle of each figure by itself. */
export function medianCost(costs: readonly Cost[]): Cost {
  return {
    seconds: median(costs.map(({ seconds }) => seconds)),
    cpuSeconds: median(costs.map(({ cpuSeconds }) => cpuSeconds)),
  };
}

/** What a bench found out, as it is printed. */
export interface BenchReport {
  title: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  /** Ratios and whatever else a reader should know, a line each. */
  remarks: readonly string[];
}

/** `12.34 s (12.10 12.34 13.00)` */
export function secondsOf(values: readonly number[]): string {
  return `${median(values).toFixed(2)} s (${values.map((value) => value.toFixed(2)).join(' ')})`;
}

/** A ratio with what it should be, and whether it is. */
export function ratioAgainst(ratio: number, target: { atMost: number } | { atLeast: number }): string {
  const [met, wish] =
    'atMost' in target
      ? [ratio <= target.atMost, `at most ${target.atMost}`]
      : [ratio >= target.atLeast, `at least ${target.atLeast}`];
  return `${ratio.toFixed(3)} (${wish}: ${met ? 'met' : 'missed'})`;
}

/** Columns as wide as their widest cell. */
export function formatReport({ title, columns, rows, remarks }: BenchReport): string {
  const lines = [columns, ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((cells) => cells[index]?.length ?? 0)));
  const table = lines.map((cells) =>
    `  ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')}`.trimEnd(),
  );
  return [title, ...table, ...remarks.map((remark) => `  ${remark}`)].join('\n');
}
