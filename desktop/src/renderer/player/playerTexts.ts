import type { PlayerTexts } from '@reelmill/shared/player/playerTexts.ts';
import { splitTime } from '@reelmill/shared/player/time.ts';
import type { TFunction } from 'i18next';

/** Returns the player's texts in the language of the app. */
export function playerTexts(t: TFunction<'library'>): PlayerTexts {
  const formatTime = (seconds: number): string => {
    const { hours, minutes, rest } = splitTime(seconds);
    const parts = [
      hours > 0 ? t('player.hours', { count: hours }) : '',
      minutes > 0 ? t('player.minutes', { count: minutes }) : '',
      rest > 0 || hours + minutes === 0 ? t('player.seconds', { count: rest }) : '',
    ];
    return parts.filter((part) => part !== '').join(' ');
  };
  return {
    player: t('player.name'),
    play: t('player.play'),
    pause: t('player.pause'),
    playAgain: t('player.playAgain'),
    mute: t('player.mute'),
    unmute: t('player.unmute'),
    muted: t('player.muted'),
    volume: t('player.volume'),
    volumeValue: (percent) => `${percent}%`,
    seek: t('player.seek'),
    position: (seconds, total) => t('player.position', { at: formatTime(seconds), total: formatTime(total) }),
    settings: t('player.settings'),
    settingsAs: (quality) => t('player.settingsAs', { quality }),
    quality: t('player.quality'),
    speed: t('player.speed'),
    normalSpeed: t('player.normalSpeed'),
    automatic: t('player.automatic'),
    automaticAs: (quality) => t('player.automaticAs', { quality }),
    pictureInPicture: t('player.pictureInPicture'),
    fullScreen: t('player.fullScreen'),
    leaveFullScreen: t('player.leaveFullScreen'),
  };
}
