/** @import { Playback } from './playback.js' */
/** @import { Stage } from './stage.js' */
/** @import { PlayerWords } from './words.js' */
import { label, show } from './elements.js';
import { setIcon } from './icons.js';
import { SettingsMenu, stepSpeed } from './settingsMenu.js';
import { formatTime } from './time.js';
import { Timeline } from './timeline.js';

const IDLE_MS = 2_800;
const SPINNER_AFTER_MS = 350;

/** The control bar over the picture, and the keys that do the same. */
export class Controls {
  #root;
  #stage;
  #video;
  #words;
  #signal;
  #idleBeforePress = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #idleTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #spinnerTimer;

  /**
   * @param {HTMLElement} root what the keys and the pointer belong to
   * @param {{ stage: Stage, playback: Playback, words: PlayerWords, signal: AbortSignal }} parts `signal` ends it all
   */
  constructor(root, { stage, playback, words, signal }) {
    this.#root = root;
    this.#stage = stage;
    this.#video = stage.video;
    this.#words = words;
    this.#signal = signal;
    this.timeline = new Timeline(stage, words);
    this.menu = new SettingsMenu(stage, { playback, words, signal });
    this.#listenToButtons();
    this.#listenToVideo();
    this.#listenToPresence();
    signal.addEventListener('abort', () => {
      clearTimeout(this.#idleTimer);
      clearTimeout(this.#spinnerTimer);
    });
    this.#showState();
    this.#showVolume();
  }

  #listenToButtons() {
    const video = this.#video;
    const { play, bigPlay, mute, volume, fullScreen, pictureInPicture } = this.#stage;
    for (const button of [play, bigPlay]) button.addEventListener('click', () => this.#togglePlay());
    mute.addEventListener('click', () => this.#toggleMute());
    volume.addEventListener('input', () => {
      video.volume = Number(volume.value);
      video.muted = false;
    });
    fullScreen.addEventListener('click', () => this.#toggleFullscreen());
    show(pictureInPicture, document.pictureInPictureEnabled === true);
    pictureInPicture.addEventListener('click', () => this.#togglePictureInPicture());
    video.addEventListener('click', (event) => this.#pressPicture(event));
    video.addEventListener('dblclick', () => this.#toggleFullscreen());
    const options = { signal: this.#signal };
    document.addEventListener('fullscreenchange', () => this.#showState(), options);
    this.#root.addEventListener('keydown', (event) => this.#pressKey(event), options);
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
    const options = { signal: this.#signal };
    const notePress = () => {
      this.#idleBeforePress = this.#root.classList.contains('idle');
    };
    this.#root.addEventListener('pointerdown', notePress, options);
    for (const event of ['pointermove', 'pointerdown', 'keydown', 'focusin']) {
      this.#root.addEventListener(event, () => this.#wake(), options);
    }
    this.#root.addEventListener('pointerleave', () => this.#rest(), options);
  }

  #togglePlay() {
    if (!this.#video.paused) return this.#video.pause();
    void this.#video.play().catch(() => undefined);
    this.#root.focus({ preventScroll: true });
  }

  #toggleMute() {
    const { muted, volume } = this.#video;
    this.#video.muted = !(muted || volume === 0);
    if (volume === 0) this.#video.volume = 0.5;
  }

  #toggleFullscreen() {
    if (document.fullscreenElement !== null) return void document.exitFullscreen();
    if (this.#root.requestFullscreen) return void this.#root.requestFullscreen().catch(() => undefined);
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
    const onVolume = event.target === this.#stage.volume;
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
    const { play, bigPlay, fullScreen } = this.#stage;
    const words = this.#words;
    setIcon(play, ended ? 'replay' : paused ? 'play' : 'pause');
    label(play, ended ? words.playAgain : paused ? words.play : words.pause);
    setIcon(bigPlay, ended ? 'replay' : 'play');
    label(bigPlay, ended ? words.playAgain : words.play);
    show(bigPlay, paused);
    const whole = document.fullscreenElement !== null;
    setIcon(fullScreen, whole ? 'shrink' : 'grow');
    label(fullScreen, whole ? words.leaveFullScreen : words.fullScreen);
    this.#showClock();
    this.#wake();
  }

  #showClock() {
    const { currentTime } = this.#video;
    this.#stage.clock.textContent = `${formatTime(currentTime)} / ${formatTime(this.timeline.seconds)}`;
  }

  #showVolume() {
    const { muted, volume } = this.#video;
    const words = this.#words;
    const silent = muted || volume === 0;
    const { mute, volume: slider } = this.#stage;
    setIcon(mute, silent ? 'muted' : volume < 0.5 ? 'quiet' : 'loud');
    label(mute, silent ? words.unmute : words.mute);
    slider.value = String(silent ? 0 : volume);
    slider.style.setProperty('--played', `${silent ? 0 : volume * 100}%`);
    slider.setAttribute('aria-valuetext', silent ? words.muted : words.volumeValue(Math.round(volume * 100)));
  }

  /** Short waits are not worth a spinner. @param {boolean} waiting */
  #spin(waiting) {
    const { spinner } = this.#stage;
    clearTimeout(this.#spinnerTimer);
    if (!waiting) return show(spinner, false);
    this.#spinnerTimer = setTimeout(() => show(spinner, !this.#video.paused), SPINNER_AFTER_MS);
  }

  #wake() {
    this.#root.classList.remove('idle');
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#rest(), IDLE_MS);
  }

  #rest() {
    const focused = document.activeElement;
    const inUse = focused !== null && focused !== this.#root && this.#root.contains(focused);
    const byKeyboard = inUse && focused.matches(':focus-visible');
    if (this.#video.paused || this.menu.open || byKeyboard) return;
    this.#root.classList.add('idle');
  }
}
