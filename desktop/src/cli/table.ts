import { formatSeconds } from './formats.ts';

/** `1m05s ago` */
export function formatAge(at: string, now: Date): string {
  return `${formatSeconds((now.getTime() - Date.parse(at)) / 1000)} ago`;
}

/** `1 worker`, `2 workers` */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Returns lines with aligned columns, each as wide as its widest cell except the last. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => [...(row[column] ?? '')].length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
