import type { PlayerTexts } from './playerTexts.ts';
import { splitTime } from './time.ts';

export const ENGLISH_TEXTS: PlayerTexts = {
  player: 'Video player',
  play: 'Play',
  pause: 'Pause',
  playAgain: 'Play again',
  mute: 'Mute',
  unmute: 'Unmute',
  volume: 'Volume',
  volumeValue: (percent) => `${percent}%`,
  muted: 'Muted',
  seek: 'Seek',
  position: (seconds, total) => `${formatSpokenTime(seconds)} of ${formatSpokenTime(total)}`,
  settings: 'Quality and speed',
  settingsAs: (quality) => `Quality and speed, ${quality}`,
  quality: 'Quality',
  speed: 'Speed',
  normalSpeed: 'Normal',
  automatic: 'Auto',
  automaticAs: (quality) => `Auto (${quality})`,
  pictureInPicture: 'Picture in picture',
  fullScreen: 'Full screen',
  leaveFullScreen: 'Leave full screen',
};

/** Returns a time for screen readers: `1 hour 2 minutes 3 seconds`. */
export function formatSpokenTime(seconds: number): string {
  const { hours, minutes, rest } = splitTime(seconds);
  const parts = [formatCount(hours, 'hour'), formatCount(minutes, 'minute'), formatCount(rest, 'second')];
  return parts.filter((part) => part !== '').join(' ') || '0 seconds';
}

function formatCount(amount: number, unit: string): string {
  if (amount === 0) return '';
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}
