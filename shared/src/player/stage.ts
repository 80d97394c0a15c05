import { createElement, setLabel } from './elements.ts';
import { type IconName, setIcon } from './icons.ts';
import type { PlayerTexts } from './playerTexts.ts';

let menus = 0;

/** The elements of a player. */
export type Stage = ReturnType<typeof buildStage>;

/** Builds the elements of a player: the picture, what may lie over it, and the control bar. `frame` holds them all. */
export function buildStage(texts: PlayerTexts) {
  const video = createElement('video', { playsinline: '', preload: 'metadata' });
  const frozenFrame = createElement('canvas', { hidden: '' });
  const notice = buildNotice();
  const spinner = createElement('div', { class: 'spinner', hidden: '' });
  const bigPlay = createButton('big-play', texts.play, 'play');
  const timeline = buildTimeline(texts);
  const buttons = buildButtons(texts);
  const bar = createElement('div', { class: 'bar' }, timeline.root, buttons.root);
  const controls = createElement('div', { class: 'controls', hidden: '' }, bigPlay, bar);
  const frame = createElement('div', { class: 'stage' }, video, frozenFrame, notice.root, spinner, controls);
  return { frame, video, frozenFrame, notice, spinner, controls, bigPlay, timeline, ...buttons };
}

function buildNotice() {
  const title = createElement('h2');
  const text = createElement('p');
  const action = createElement('button', { type: 'button', class: 'notice-action', hidden: '' });
  return {
    root: createElement('div', { class: 'notice', hidden: '' }, title, text, action),
    title,
    text,
    action,
  };
}

function buildTimeline(texts: PlayerTexts) {
  const tile = createElement('div', { class: 'preview-tile', hidden: '' });
  const time = createElement('span', { class: 'preview-time' });
  const preview = createElement('div', { class: 'preview', hidden: '' }, tile, time);
  const track = createElement('div', { class: 'track', 'aria-hidden': 'true' });
  const slider = createSlider(texts.seek, { min: '0', max: '1', step: 'any', value: '0' });
  return {
    root: createElement('div', { class: 'timeline' }, preview, track, slider),
    preview,
    tile,
    time,
    slider,
  };
}

function buildButtons(texts: PlayerTexts) {
  const play = createButton('play', texts.play, 'play');
  const mute = createButton('mute', texts.mute, 'loud');
  const volume = createSlider(texts.volume, { min: '0', max: '1', step: '0.05', value: '1' });
  const clock = createElement('span', { class: 'clock' }, '0:00 / 0:00');
  const settings = buildSettings(texts);
  const pictureInPicture = createButton('pip', texts.pictureInPicture, 'pip');
  const fullScreen = createButton('fullscreen', texts.fullScreen, 'grow');
  const root = createElement(
    'div',
    { class: 'buttons' },
    play,
    createElement('div', { class: 'volume' }, mute, volume),
    clock,
    createElement('span', { class: 'spring' }),
    settings.root,
    pictureInPicture,
    fullScreen,
  );
  return { root, play, mute, volume, clock, settings, pictureInPicture, fullScreen };
}

function buildSettings(texts: PlayerTexts) {
  menus += 1;
  const id = `player-menu-${menus}`;
  const opener = createButton('settings', texts.settings, 'settings');
  const badge = createElement('span', { class: 'badge' });
  opener.append(badge);
  opener.setAttribute('aria-haspopup', 'menu');
  opener.setAttribute('aria-expanded', 'false');
  opener.setAttribute('aria-controls', id);
  const qualities = buildGroup('qualities', texts.quality);
  const speeds = buildGroup('speeds', texts.speed);
  const menu = createElement(
    'div',
    { id, class: 'menu', role: 'menu', 'aria-label': texts.settings, hidden: '' },
    qualities.root,
    speeds.root,
  );
  return {
    root: createElement('div', { class: 'settings-place' }, opener, menu),
    opener,
    badge,
    menu,
    qualities,
    speeds,
  };
}

function buildGroup(kind: string, name: string) {
  const title = createElement('span', { class: 'menu-title', 'aria-hidden': 'true' }, name);
  const choices = createElement('div', { class: 'choices', role: 'presentation' });
  return {
    root: createElement('div', { class: kind, role: 'group', 'aria-label': name }, title, choices),
    choices,
  };
}

function createButton(kind: string, name: string, icon: IconName): HTMLButtonElement {
  const element = createElement('button', { type: 'button', class: kind });
  setLabel(element, name);
  setIcon(element, icon);
  return element;
}

function createSlider(name: string, bounds: Record<string, string>): HTMLInputElement {
  return createElement('input', { type: 'range', 'aria-label': name, ...bounds });
}
