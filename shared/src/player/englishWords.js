/** @import { PlayerWords } from './words.js' */
import { splitTime } from './time.js';

/** @type {PlayerWords} */
export const ENGLISH_WORDS = {
  player: 'Video player',
  play: 'Play',
  pause: 'Pause',
  playAgain: 'Play again',
  mute: 'Mute',
  unmute: 'Unmute',
  volume: 'Volume',
  volumeValue: (percent) => `${percent} %`,
  muted: 'muted',
  seek: 'Seek',
  position: (seconds, total) => `${speakTime(seconds)} of ${speakTime(total)}`,
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

/** For screen readers: `1 hour 2 minutes 3 seconds`. @param {number} seconds */
export function speakTime(seconds) {
  const { hours, minutes, rest } = splitTime(seconds);
  const parts = [count(hours, 'hour'), count(minutes, 'minute'), count(rest, 'second')];
  return parts.filter((part) => part !== '').join(' ') || '0 seconds';
}

/** @param {number} amount @param {string} unit */
function count(amount, unit) {
  if (amount === 0) return '';
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}
