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
