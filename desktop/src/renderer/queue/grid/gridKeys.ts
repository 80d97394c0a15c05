/** How many rows a page is, less one that stays in sight. */
export interface GridSize {
  count: number;
  pageRows: number;
}

/** The row that a key leads to, or null for keys that lead to none. `index` is -1 where the keyboard is at no row yet. */
export function rowForKey(key: string, index: number, { count, pageRows }: GridSize): number | null {
  if (count === 0) return null;
  const clamp = (target: number): number => Math.max(0, Math.min(count - 1, target));
  switch (key) {
    case 'ArrowDown':
      return clamp(index + 1);
    case 'ArrowUp':
      return clamp(index - 1);
    case 'PageDown':
      return clamp(Math.max(0, index) + pageRows);
    case 'PageUp':
      return clamp(index - pageRows);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
