/** Returns how long something will still take, rounded to what an estimate can say. */
export function formatRemaining(seconds: number): string {
  if (seconds < 10) return 'a few seconds left';
  if (seconds < 55) return `about ${Math.round(seconds / 10) * 10} seconds left`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return `about ${formatCount(minutes, 'minute')} left`;
  const hours = Math.floor(minutes / 60);
  const rest = Math.round((minutes % 60) / 10) * 10;
  if (rest === 60) return `about ${formatCount(hours + 1, 'hour')} left`;
  const parts = [formatCount(hours, 'hour'), formatCount(rest, 'minute')];
  return `about ${parts.filter((part) => part !== '').join(' ')} left`;
}

function formatCount(amount: number, unit: string): string {
  if (amount === 0) return '';
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}
