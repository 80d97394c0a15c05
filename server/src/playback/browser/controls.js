/** @import { Playback } from './playback.js' */
import { find, label, setIcon, show } from './elements.js';
import { formatTime } from './format.js';
import { SettingsMenu, stepSpeed } from './settingsMenu.js';
import { Timeline } from './timeline.js';

const IDLE_MS = 2_800;
const SPINNER_AFTER_MS = 350;

/** The control bar over the picture, and the keys that do the same. */
export class Controls {
  #player = find('#player', HTMLElement);
  #play = find('#play', HTMLButtonElement);
  #bigPlay = find('#big-play', HTMLButtonElement);
  #mute = find('#mute', HTMLButtonElement);
  #volume = find('#volume', HTMLInputElement);
  #clock = find('#clock', HTMLElement);
  #pip = find('#pip', HTMLButtonElement);
  #fullscreen = find('#fullscreen', HTMLButtonElement);
  #spinner = find('#spinner', HTMLElement);
  #video;
  #idleBeforePress = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #idleTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #spinnerTimer;

  /** @param {HTMLVideoElement} video @param {Playback} playback */
  constructor(video, playback) {
    this.#video = video;
    this.timeline = new Timeline(video);
    this.menu = new SettingsMenu(video, playback);
    this.#listenToButtons();
    this.#listenToVideo();
    this.#listenToPresence();
    this.#showState();
    this.#showVolume();
  }

  #listenToButtons() {
    const video = this.#video;
    for (const button of [this.#play, this.#bigPlay])
      button.addEventListener('click', () => this.#togglePlay());
    this.#mute.addEventListener('click', () => this.#toggleMute());
    this.#volume.addEventListener('input', () => {
      video.volume = Number(this.#volume.value);
      video.muted = false;
    });
    this.#fullscreen.addEventListener('click', () => this.#toggleFullscreen());
    show(this.#pip, document.pictureInPictureEnabled === true);
    this.#pip.addEventListener('click', () => this.#togglePictureInPicture());
    video.addEventListener('click', (event) => this.#pressPicture(event));
    video.addEventListener('dblclick', () => this.#toggleFullscreen());
    document.addEventListener('fullscreenchange', () => this.#showState());
    this.#player.addEventListener('keydown', (event) => this.#pressKey(event));
  }

  #listenToVideo() {
    const video = this.#video;
    for (const event of ['play', 'pause', 'ended', 'seeked']) {
      video.addEventListener(event, () => this.#showState());
    }
    for (const event of ['timeupdate', 'durationchange'])
      video.addEventListener(event, () => this.#showClock());
    video.addEventListener('volumechange', () => this.#showVolume());
    for (const event of ['waiting', 'seeking']) video.addEventListener(event, () => this.#spin(true));
    for (const event of ['playing', 'canplay', 'seeked', 'pause']) {
      video.addEventListener(event, () => this.#spin(false));
    }
  }

  #listenToPresence() {
    this.#player.addEventListener('pointerdown', () => {
      this.#idleBeforePress = this.#player.classList.contains('idle');
    });
    for (const event of ['pointermove', 'pointerdown', 'keydown', 'focusin']) {
      this.#player.addEventListener(event, () => this.#wake());
    }
    this.#player.addEventListener('pointerleave', () => this.#rest());
  }

  #togglePlay() {
    if (!this.#video.paused) return this.#video.pause();
    void this.#video.play().catch(() => undefined);
    this.#player.focus({ preventScroll: true });
  }

  #toggleMute() {
    const { muted, volume } = this.#video;
    this.#video.muted = !(muted || volume === 0);
    if (volume === 0) this.#video.volume = 0.5;
  }

  #toggleFullscreen() {
    if (document.fullscreenElement !== null) return void document.exitFullscreen();
    if (this.#player.requestFullscreen) return void this.#player.requestFullscreen().catch(() => undefined);
    // a telephone that has full screen for its own player only
    if ('webkitEnterFullscreen' in this.#video && typeof this.#video.webkitEnterFullscreen === 'function') {
      this.#video.webkitEnterFullscreen();
    }
  }

  #togglePictureInPicture() {
    const leave = document.pictureInPictureElement !== null;
    const change = leave ? document.exitPictureInPicture() : this.#video.requestPictureInPicture();
    void change.catch(() => undefined);
  }

  /** A click plays and pauses; a tap shows and hides the controls. @param {MouseEvent} event */
  #pressPicture(event) {
    const touched = event instanceof PointerEvent && event.pointerType === 'touch';
    if (!touched) return this.#togglePlay();
    if (!this.#idleBeforePress) this.#rest();
  }

  /** @param {KeyboardEvent} event */
  #pressKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.target instanceof HTMLButtonElement;
    if (onButton && (event.key === ' ' || event.key === 'Enter')) return;
    const onVolume = event.target === this.#volume;
    if (onVolume && event.key.startsWith('Arrow')) return;
    const action = this.#actionFor(event.key);
    if (action === undefined) return;
    event.preventDefault();
    action();
  }

  /** @param {string} key @returns {(() => void) | undefined} */
  #actionFor(key) {
    const video = this.#video;
    const skip = (/** @type {number} */ seconds) => () => this.timeline.seek(video.currentTime + seconds);
    const louder = (/** @type {number} */ step) => () => {
      video.muted = false;
      video.volume = Math.min(1, Math.max(0, Math.round((video.volume + step) * 20) / 20));
    };
    if (/^\d$/.test(key)) return () => this.timeline.seek((this.timeline.seconds * Number(key)) / 10);
    return {
      ' ': () => this.#togglePlay(),
      k: () => this.#togglePlay(),
      ArrowLeft: skip(-5),
      ArrowRight: skip(5),
      j: skip(-10),
      l: skip(10),
      ArrowUp: louder(0.05),
      ArrowDown: louder(-0.05),
      m: () => this.#toggleMute(),
      f: () => this.#toggleFullscreen(),
      Home: () => this.timeline.seek(0),
      End: () => this.timeline.seek(this.timeline.seconds),
      '<': () => stepSpeed(video, -1),
      '>': () => stepSpeed(video, 1),
    }[key];
  }

  #showState() {
    const { paused, ended } = this.#video;
    setIcon(this.#play, ended ? 'replay' : paused ? 'play' : 'pause');
    label(this.#play, ended ? 'Play again' : paused ? 'Play' : 'Pause');
    setIcon(this.#bigPlay, ended ? 'replay' : 'play');
    show(this.#bigPlay, paused);
    const whole = document.fullscreenElement !== null;
    setIcon(this.#fullscreen, whole ? 'shrink' : 'grow');
    label(this.#fullscreen, whole ? 'Leave full screen' : 'Full screen');
    this.#showClock();
    this.#wake();
  }

  #showClock() {
    this.#clock.textContent = `${formatTime(this.#video.currentTime)} / ${formatTime(this.timeline.seconds)}`;
  }

  #showVolume() {
    const { muted, volume } = this.#video;
    const silent = muted || volume === 0;
    setIcon(this.#mute, silent ? 'muted' : volume < 0.5 ? 'quiet' : 'loud');
    label(this.#mute, silent ? 'Unmute' : 'Mute');
    this.#volume.value = String(silent ? 0 : volume);
    this.#volume.style.setProperty('--played', `${silent ? 0 : volume * 100}%`);
    this.#volume.setAttribute('aria-valuetext', silent ? 'muted' : `${Math.round(volume * 100)} %`);
  }

  /** Short waits are not worth a spinner. @param {boolean} waiting */
  #spin(waiting) {
    clearTimeout(this.#spinnerTimer);
    if (!waiting) return show(this.#spinner, false);
    this.#spinnerTimer = setTimeout(() => show(this.#spinner, !this.#video.paused), SPINNER_AFTER_MS);
  }

  #wake() {
    this.#player.classList.remove('idle');
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#rest(), IDLE_MS);
  }

  #rest() {
    const focused = document.activeElement;
    const inUse = focused !== null && focused !== this.#player && this.#player.contains(focused);
    const byKeyboard = inUse && focused.matches(':focus-visible');
    if (this.#video.paused || this.menu.open || byKeyboard) return;
    this.#player.classList.add('idle');
  }
}
