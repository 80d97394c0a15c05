/** @import { IconName } from './icons.js' */
/** @import { PlayerWords } from './words.js' */
import { label, make } from './elements.js';
import { setIcon } from './icons.js';

let menus = 0;

/** The elements of a player. @typedef {ReturnType<typeof buildStage>} Stage */

/**
 * Builds the elements of a player: the picture, what may lie over it, and the control bar. `frame` holds them all.
 * @param {PlayerWords} words
 */
export function buildStage(words) {
  const video = make('video', { playsinline: '', preload: 'metadata' });
  const still = make('canvas', { hidden: '' });
  const notice = buildNotice();
  const spinner = make('div', { class: 'spinner', hidden: '' });
  const bigPlay = button('big-play', words.play, 'play');
  const timeline = buildTimeline(words);
  const buttons = buildButtons(words);
  const bar = make('div', { class: 'bar' }, timeline.root, buttons.root);
  const controls = make('div', { class: 'controls', hidden: '' }, bigPlay, bar);
  const frame = make('div', { class: 'stage' }, video, still, notice.root, spinner, controls);
  return { frame, video, still, notice, spinner, controls, bigPlay, timeline, ...buttons };
}

function buildNotice() {
  const title = make('h2');
  const text = make('p');
  const action = make('button', { type: 'button', class: 'notice-action', hidden: '' });
  return {
    root: make('div', { class: 'notice', hidden: '' }, title, text, action),
    title,
    text,
    action,
  };
}

/** @param {PlayerWords} words */
function buildTimeline(words) {
  const tile = make('div', { class: 'preview-tile', hidden: '' });
  const time = make('span', { class: 'preview-time' });
  const preview = make('div', { class: 'preview', hidden: '' }, tile, time);
  const track = make('div', { class: 'track', 'aria-hidden': 'true' });
  const slider = range(words.seek, { min: '0', max: '1', step: 'any', value: '0' });
  return { root: make('div', { class: 'timeline' }, preview, track, slider), preview, tile, time, slider };
}

/** @param {PlayerWords} words */
function buildButtons(words) {
  const play = button('play', words.play, 'play');
  const mute = button('mute', words.mute, 'loud');
  const volume = range(words.volume, { min: '0', max: '1', step: '0.05', value: '1' });
  const clock = make('span', { class: 'clock' }, '0:00 / 0:00');
  const settings = buildSettings(words);
  const pictureInPicture = button('pip', words.pictureInPicture, 'pip');
  const fullScreen = button('fullscreen', words.fullScreen, 'grow');
  const root = make(
    'div',
    { class: 'buttons' },
    play,
    make('div', { class: 'volume' }, mute, volume),
    clock,
    make('span', { class: 'spring' }),
    settings.root,
    pictureInPicture,
    fullScreen,
  );
  return { root, play, mute, volume, clock, settings, pictureInPicture, fullScreen };
}

/** @param {PlayerWords} words */
function buildSettings(words) {
  menus += 1;
  const id = `player-menu-${menus}`;
  const opener = button('settings', words.settings, 'settings');
  const badge = make('span', { class: 'badge' });
  opener.append(badge);
  opener.setAttribute('aria-haspopup', 'menu');
  opener.setAttribute('aria-expanded', 'false');
  opener.setAttribute('aria-controls', id);
  const qualities = buildGroup('qualities', words.quality);
  const speeds = buildGroup('speeds', words.speed);
  const menu = make(
    'div',
    { id, class: 'menu', role: 'menu', 'aria-label': words.settings, hidden: '' },
    qualities.root,
    speeds.root,
  );
  return {
    root: make('div', { class: 'settings-place' }, opener, menu),
    opener,
    badge,
    menu,
    qualities,
    speeds,
  };
}

/** @param {string} kind @param {string} name */
function buildGroup(kind, name) {
  const title = make('span', { class: 'menu-title', 'aria-hidden': 'true' }, name);
  const choices = make('div', { class: 'choices', role: 'presentation' });
  return { root: make('div', { class: kind, role: 'group', 'aria-label': name }, title, choices), choices };
}

/** @param {string} kind @param {string} name @param {IconName} icon */
function button(kind, name, icon) {
  const element = make('button', { type: 'button', class: kind });
  label(element, name);
  setIcon(element, icon);
  return element;
}

/** @param {string} name @param {Record<string, string>} bounds */
function range(name, bounds) {
  return make('input', { type: 'range', 'aria-label': name, ...bounds });
}
