import { setVisible } from './elements.ts';
import type { PlayerTexts } from './playerTexts.ts';
import type { Stage } from './stage.ts';
import { findTile, type Tile } from './storyboard.ts';
import { formatTime } from './time.ts';

/** In pixels of the page. */
const MAX_PREVIEW_WIDTH = 160;

/**
 * The time slider: what is played, buffered and ready, and a preview of the picture under the pointer. The slider
 * always spans the whole video, also while only its beginning is ready.
 */
export class Timeline {
  readonly #slider: HTMLInputElement;
  readonly #bar: HTMLElement;
  readonly #preview: HTMLElement;
  readonly #tile: HTMLElement;
  readonly #previewTime: HTMLElement;
  readonly #video: HTMLVideoElement;
  readonly #texts: PlayerTexts;
  #tiles: readonly Tile[] = [];
  #announcedSeconds = 0;
  #dragging = false;

  constructor({ video, timeline }: Stage, texts: PlayerTexts) {
    this.#video = video;
    this.#texts = texts;
    this.#slider = timeline.slider;
    this.#bar = timeline.root;
    this.#preview = timeline.preview;
    this.#tile = timeline.tile;
    this.#previewTime = timeline.time;
    this.#slider.addEventListener('input', () => this.#drag());
    this.#slider.addEventListener('change', () => this.#drop());
    this.#bar.addEventListener('pointermove', (event) => this.#previewAt(event.clientX));
    this.#bar.addEventListener('pointerleave', () => setVisible(this.#preview, false));
    this.#slider.addEventListener('blur', () => setVisible(this.#preview, false));
    for (const event of ['timeupdate', 'durationchange', 'progress', 'seeking', 'seeked', 'emptied']) {
      video.addEventListener(event, () => this.#paint());
    }
    this.#paint();
  }

  /** The duration of the whole video, where it is known before all of it is ready. */
  set announcedSeconds(seconds: number | null) {
    this.#announcedSeconds = seconds ?? 0;
    this.#paint();
  }

  set tiles(tiles: readonly Tile[]) {
    this.#tiles = tiles;
    // fetched now, so that the first preview is not an empty box
    for (const picture of new Set(tiles.map((tile) => tile.picture))) new Image().src = picture;
  }

  /** The duration that the slider spans. */
  get seconds(): number {
    return Math.max(this.#readySeconds, this.#announcedSeconds);
  }

  /** Seeks to a time, at most to the end of what is ready. */
  seek(seconds: number): void {
    const latest = this.#readySeconds < this.seconds ? this.#readySeconds - 0.5 : this.#readySeconds;
    this.#video.currentTime = Math.max(0, Math.min(seconds, latest));
    this.#paint();
  }

  get #readySeconds(): number {
    const { duration, seekable } = this.#video;
    if (Number.isFinite(duration)) return duration;
    return seekable.length > 0 ? seekable.end(seekable.length - 1) : 0;
  }

  #drag(): void {
    this.#dragging = true;
    const bounds = this.#slider.getBoundingClientRect();
    this.#previewAt(bounds.left + (Number(this.#slider.value) / this.seconds) * bounds.width);
    this.#paint();
  }

  #drop(): void {
    this.#dragging = false;
    this.seek(Number(this.#slider.value));
  }

  #paint(): void {
    const total = this.seconds;
    if (!this.#dragging) this.#slider.value = String(this.#video.currentTime);
    this.#slider.max = String(total || 1);
    if (!this.#dragging) this.#slider.value = String(this.#video.currentTime);
    const at = Number(this.#slider.value);
    this.#slider.setAttribute('aria-valuetext', this.#texts.position(at, total));
    this.#setShare('--played', at);
    this.#setShare('--buffered', bufferedUntil(this.#video));
    this.#setShare('--ready', this.#readySeconds);
  }

  #setShare(name: string, seconds: number): void {
    const share = this.seconds > 0 ? Math.min(1, seconds / this.seconds) : 0;
    this.#bar.style.setProperty(name, `${(share * 100).toFixed(3)}%`);
  }

  #previewAt(clientX: number): void {
    if (this.seconds === 0) return;
    const bounds = this.#slider.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - bounds.left) / bounds.width));
    const seconds = share * this.seconds;
    this.#previewTime.textContent = formatTime(seconds);
    this.#showTile(seconds <= this.#readySeconds + 0.5 ? findTile(this.#tiles, seconds) : null);
    setVisible(this.#preview, true);
    const half = this.#preview.offsetWidth / 2;
    const left = Math.min(bounds.width - half, Math.max(half, share * bounds.width));
    this.#preview.style.left = `${left}px`;
  }

  #showTile(tile: Tile | null): void {
    setVisible(this.#tile, tile !== null);
    if (tile === null) return;
    const { style } = this.#tile;
    style.width = `${tile.width}px`;
    style.height = `${tile.height}px`;
    style.zoom = String(MAX_PREVIEW_WIDTH / Math.max(tile.width, tile.height));
    style.backgroundImage = `url("${tile.picture.replaceAll('"', '%22')}")`;
    style.backgroundPosition = `-${tile.x}px -${tile.y}px`;
  }
}

/** Returns the end of the buffered range at the current time. */
function bufferedUntil({ buffered, currentTime }: HTMLVideoElement): number {
  for (let index = 0; index < buffered.length; index += 1) {
    if (buffered.start(index) <= currentTime + 0.1 && buffered.end(index) >= currentTime)
      return buffered.end(index);
  }
  return currentTime;
}
