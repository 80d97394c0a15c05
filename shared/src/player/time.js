/** `1:02:03`, `2:03`, `0:03`. @param {number} seconds */
export function formatTime(seconds) {
  const { hours, minutes, rest } = splitTime(seconds);
  const tail = String(rest).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** The whole hours, minutes and seconds of a time; what is no time is none. @param {number} seconds */
export function splitTime(seconds) {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  return { hours: Math.floor(whole / 3600), minutes: Math.floor((whole % 3600) / 60), rest: whole % 60 };
}
