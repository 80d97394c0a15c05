/**
 * Everything that the player says, in the language of the page that it is on.
 * @typedef {object} PlayerWords
 * @property {string} player the player as a whole, for screen readers
 * @property {string} play
 * @property {string} pause
 * @property {string} playAgain
 * @property {string} mute
 * @property {string} unmute
 * @property {string} volume
 * @property {(percent: number) => string} volumeValue
 * @property {string} muted
 * @property {string} seek
 * @property {(seconds: number, total: number) => string} position where it is, as it is spoken
 * @property {string} settings the button of the menu
 * @property {(quality: string) => string} settingsAs the same while a size is shown on it, such as `720p`
 * @property {string} quality
 * @property {string} speed
 * @property {string} normalSpeed
 * @property {string} automatic
 * @property {(quality: string) => string} automaticAs the size that is chosen by itself now, such as `720p`
 * @property {string} pictureInPicture
 * @property {string} fullScreen
 * @property {string} leaveFullScreen
 */

export {};
