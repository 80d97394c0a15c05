/** Returns a time as `1:02:03`, `2:03` or `0:03`. */
export function formatTime(seconds: number): string {
  const { hours, minutes, rest } = splitTime(seconds);
  const tail = String(rest).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** Returns the whole hours, minutes and seconds of a time; zeros where it is negative or not finite. */
export function splitTime(seconds: number): { hours: number; minutes: number; rest: number } {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  return { hours: Math.floor(whole / 3600), minutes: Math.floor((whole % 3600) / 60), rest: whole % 60 };
}
