import { setLabel, setVisible } from './elements.ts';
import { setIcon } from './icons.ts';
import type { PlayerTexts } from './playerTexts.ts';
import { type ControlParts, SettingsMenu, stepSpeed } from './settingsMenu.ts';
import type { Stage } from './stage.ts';
import { formatTime } from './time.ts';
import { Timeline } from './timeline.ts';

const HIDE_AFTER_MS = 2_800;
const SPINNER_AFTER_MS = 350;

/** The control bar over the picture, and the keys that do the same. */
export class Controls {
  readonly timeline: Timeline;
  readonly menu: SettingsMenu;
  readonly #root: HTMLElement;
  readonly #stage: Stage;
  readonly #video: HTMLVideoElement;
  readonly #texts: PlayerTexts;
  readonly #signal: AbortSignal;
  #hiddenBeforePress = false;
  #hideTimer: ReturnType<typeof setTimeout> | undefined;
  #spinnerTimer: ReturnType<typeof setTimeout> | undefined;

  /** Keys and pointer of `root` belong to the controls until `signal` is aborted. */
  constructor(root: HTMLElement, { stage, playback, texts, signal }: ControlParts & { stage: Stage }) {
    this.#root = root;
    this.#stage = stage;
    this.#video = stage.video;
    this.#texts = texts;
    this.#signal = signal;
    this.timeline = new Timeline(stage, texts);
    this.menu = new SettingsMenu(stage, { playback, texts, signal });
    this.#listenToButtons();
    this.#listenToVideo();
    this.#listenToActivity();
    signal.addEventListener('abort', () => {
      clearTimeout(this.#hideTimer);
      clearTimeout(this.#spinnerTimer);
    });
    this.#showState();
    this.#showVolume();
  }

  #listenToButtons(): void {
    const video = this.#video;
    const { play, bigPlay, mute, volume, fullScreen, pictureInPicture } = this.#stage;
    for (const button of [play, bigPlay]) button.addEventListener('click', () => this.#togglePlay());
    mute.addEventListener('click', () => this.#toggleMute());
    volume.addEventListener('input', () => {
      video.volume = Number(volume.value);
      video.muted = false;
    });
    fullScreen.addEventListener('click', () => this.#toggleFullscreen());
    setVisible(pictureInPicture, document.pictureInPictureEnabled === true);
    pictureInPicture.addEventListener('click', () => this.#togglePictureInPicture());
    video.addEventListener('click', (event) => this.#pressPicture(event));
    video.addEventListener('dblclick', () => this.#toggleFullscreen());
    const options = { signal: this.#signal };
    document.addEventListener('fullscreenchange', () => this.#showState(), options);
    this.#root.addEventListener('keydown', (event) => this.#pressKey(event), options);
  }

  #listenToVideo(): void {
    const video = this.#video;
    for (const event of ['play', 'pause', 'ended', 'seeked']) {
      video.addEventListener(event, () => this.#showState());
    }
    for (const event of ['timeupdate', 'durationchange'])
      video.addEventListener(event, () => this.#showClock());
    video.addEventListener('volumechange', () => this.#showVolume());
    for (const event of ['waiting', 'seeking']) video.addEventListener(event, () => this.#showSpinner(true));
    for (const event of ['playing', 'canplay', 'seeked', 'pause']) {
      video.addEventListener(event, () => this.#showSpinner(false));
    }
  }

  #listenToActivity(): void {
    const options = { signal: this.#signal };
    const recordPress = (): void => {
      this.#hiddenBeforePress = this.#root.classList.contains('idle');
    };
    this.#root.addEventListener('pointerdown', recordPress, options);
    for (const event of ['pointermove', 'pointerdown', 'keydown', 'focusin']) {
      this.#root.addEventListener(event, () => this.#showControls(), options);
    }
    this.#root.addEventListener('pointerleave', () => this.#hideControls(), options);
  }

  #togglePlay(): void {
    if (!this.#video.paused) {
      this.#video.pause();
      return;
    }
    void this.#video.play().catch(() => undefined);
    this.#root.focus({ preventScroll: true });
  }

  #toggleMute(): void {
    const { muted, volume } = this.#video;
    this.#video.muted = !(muted || volume === 0);
    if (volume === 0) this.#video.volume = 0.5;
  }

  #toggleFullscreen(): void {
    if (document.fullscreenElement !== null) return void document.exitFullscreen();
    if (this.#root.requestFullscreen) return void this.#root.requestFullscreen().catch(() => undefined);
    // phones that have full screen for their own player only
    if ('webkitEnterFullscreen' in this.#video && typeof this.#video.webkitEnterFullscreen === 'function') {
      this.#video.webkitEnterFullscreen();
    }
  }

  #togglePictureInPicture(): void {
    const leave = document.pictureInPictureElement !== null;
    const change = leave ? document.exitPictureInPicture() : this.#video.requestPictureInPicture();
    void change.catch(() => undefined);
  }

  /** A click plays and pauses; a tap shows and hides the controls. */
  #pressPicture(event: MouseEvent): void {
    const touched = event instanceof PointerEvent && event.pointerType === 'touch';
    if (!touched) this.#togglePlay();
    else if (!this.#hiddenBeforePress) this.#hideControls();
  }

  #pressKey(event: KeyboardEvent): void {
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

  #actionFor(key: string): (() => void) | undefined {
    const video = this.#video;
    const skip = (seconds: number) => () => this.timeline.seek(video.currentTime + seconds);
    const louder = (step: number) => () => {
      video.muted = false;
      video.volume = Math.min(1, Math.max(0, Math.round((video.volume + step) * 20) / 20));
    };
    if (/^\d$/.test(key)) return () => this.timeline.seek((this.timeline.seconds * Number(key)) / 10);
    const actions: Record<string, () => void> = {
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
    };
    return actions[key];
  }

  #showState(): void {
    const { paused, ended } = this.#video;
    const { play, bigPlay, fullScreen } = this.#stage;
    const texts = this.#texts;
    setIcon(play, ended ? 'replay' : paused ? 'play' : 'pause');
    setLabel(play, ended ? texts.playAgain : paused ? texts.play : texts.pause);
    setIcon(bigPlay, ended ? 'replay' : 'play');
    setLabel(bigPlay, ended ? texts.playAgain : texts.play);
    setVisible(bigPlay, paused);
    const isFullScreen = document.fullscreenElement !== null;
    setIcon(fullScreen, isFullScreen ? 'shrink' : 'grow');
    setLabel(fullScreen, isFullScreen ? texts.leaveFullScreen : texts.fullScreen);
    this.#showClock();
    this.#showControls();
  }

  #showClock(): void {
    const { currentTime } = this.#video;
    this.#stage.clock.textContent = `${formatTime(currentTime)} / ${formatTime(this.timeline.seconds)}`;
  }

  #showVolume(): void {
    const { muted, volume } = this.#video;
    const texts = this.#texts;
    const silent = muted || volume === 0;
    const { mute, volume: slider } = this.#stage;
    setIcon(mute, silent ? 'muted' : volume < 0.5 ? 'quiet' : 'loud');
    setLabel(mute, silent ? texts.unmute : texts.mute);
    slider.value = String(silent ? 0 : volume);
    slider.style.setProperty('--played', `${silent ? 0 : volume * 100}%`);
    slider.setAttribute('aria-valuetext', silent ? texts.muted : texts.volumeValue(Math.round(volume * 100)));
  }

  /** Short waits show no spinner. */
  #showSpinner(waiting: boolean): void {
    const { spinner } = this.#stage;
    clearTimeout(this.#spinnerTimer);
    if (!waiting) setVisible(spinner, false);
    else this.#spinnerTimer = setTimeout(() => setVisible(spinner, !this.#video.paused), SPINNER_AFTER_MS);
  }

  #showControls(): void {
    this.#root.classList.remove('idle');
    clearTimeout(this.#hideTimer);
    this.#hideTimer = setTimeout(() => this.#hideControls(), HIDE_AFTER_MS);
  }

  #hideControls(): void {
    const focused = document.activeElement;
    const inUse = focused !== null && focused !== this.#root && this.#root.contains(focused);
    const byKeyboard = inUse && focused.matches(':focus-visible');
    if (this.#video.paused || this.menu.open || byKeyboard) return;
    this.#root.classList.add('idle');
  }
}
