/** The texts of the player, in the language of the page that it is on. */
export interface PlayerTexts {
  /** The player as a whole, for screen readers. */
  player: string;
  play: string;
  pause: string;
  playAgain: string;
  mute: string;
  unmute: string;
  volume: string;
  volumeValue(percent: number): string;
  muted: string;
  seek: string;
  /** The position, for screen readers; times in seconds. */
  position(seconds: number, total: number): string;
  /** The button of the menu. */
  settings: string;
  /** The same while a quality is shown on it, such as `720p`. */
  settingsAs(quality: string): string;
  quality: string;
  speed: string;
  normalSpeed: string;
  automatic: string;
  /** The quality that is chosen automatically now, such as `720p`. */
  automaticAs(quality: string): string;
  pictureInPicture: string;
  fullScreen: string;
  leaveFullScreen: string;
}
