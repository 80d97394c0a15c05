/** `1:02:03`, `2:03`, `0:03`. @param {number} seconds */
export function formatTime(seconds) {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/** For screen readers: `1 hour 2 minutes 3 seconds`. @param {number} seconds */
export function speakTime(seconds) {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  const parts = [
    count(Math.floor(whole / 3600), 'hour'),
    count(Math.floor((whole % 3600) / 60), 'minute'),
    count(whole % 60, 'second'),
  ].filter((part) => part !== '');
  return parts.length > 0 ? parts.join(' ') : '0 seconds';
}

/** How long something will still take, no more exactly than it can be known. @param {number} seconds */
export function describeRemaining(seconds) {
  if (seconds < 10) return 'a few seconds left';
  if (seconds < 55) return `about ${Math.round(seconds / 10) * 10} seconds left`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return `about ${count(minutes, 'minute')} left`;
  const hours = Math.floor(minutes / 60);
  const rest = Math.round((minutes % 60) / 10) * 10;
  if (rest === 60) return `about ${count(hours + 1, 'hour')} left`;
  return `about ${[count(hours, 'hour'), count(rest, 'minute')].filter((part) => part !== '').join(' ')} left`;
}

/** @param {number} amount @param {string} unit */
function count(amount, unit) {
  if (amount === 0) return '';
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}
