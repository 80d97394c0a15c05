/** `42s`, `3m05s`, `2h07m` */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

/** Returns the bytes per second of `500K`, `2M`, `1.5G` or a plain number (1K is 1024); null for anything else. */
export function parseRate(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([KMG])?(?:i?B)?(?:\/s)?$/i.exec(text.trim());
  if (match === null) return null;
  const power = ['', 'K', 'M', 'G'].indexOf((match[2] ?? '').toUpperCase());
  const rate = Math.round(Number(match[1]) * 1024 ** power);
  return rate > 0 ? rate : null;
}

/** Returns text that is safe for a terminal line: names must not move the cursor or change colours. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
}

export function shorten(text: string, characters: number): string {
  const all = [...text];
  return all.length <= characters ? text : `${all.slice(0, characters - 1).join('')}…`;
}
