/** @import { Stage } from './stage.js' */
/** @import { Tile } from './storyboard.js' */
/** @import { PlayerWords } from './words.js' */
import { show } from './elements.js';
import { findTile } from './storyboard.js';
import { formatTime } from './time.js';

/** Pixels on the page that a preview is wide at most. */
const PREVIEW_WIDTH = 160;

/**
 * The time slider: what is played, buffered and ready, and a preview of the picture under the pointer. The slider
 * always spans the whole video, also while only its beginning is ready.
 */
export class Timeline {
  #slider;
  #bar;
  #preview;
  #tile;
  #previewTime;
  #video;
  #words;
  /** @type {readonly Tile[]} */
  #tiles = [];
  #announcedSeconds = 0;
  #dragging = false;

  /** @param {Stage} stage @param {PlayerWords} words */
  constructor({ video, timeline }, words) {
    this.#video = video;
    this.#words = words;
    this.#slider = timeline.slider;
    this.#bar = timeline.root;
    this.#preview = timeline.preview;
    this.#tile = timeline.tile;
    this.#previewTime = timeline.time;
    this.#slider.addEventListener('input', () => this.#drag());
    this.#slider.addEventListener('change', () => this.#drop());
    this.#bar.addEventListener('pointermove', (event) => this.#previewAt(event.clientX));
    this.#bar.addEventListener('pointerleave', () => show(this.#preview, false));
    this.#slider.addEventListener('blur', () => show(this.#preview, false));
    for (const event of ['timeupdate', 'durationchange', 'progress', 'seeking', 'seeked', 'emptied']) {
      video.addEventListener(event, () => this.#paint());
    }
    this.#paint();
  }

  /** How long the video is going to be, where that is known before all of it is ready. @param {number | null} seconds */
  set announcedSeconds(seconds) {
    this.#announcedSeconds = seconds ?? 0;
    this.#paint();
  }

  /** @param {readonly Tile[]} tiles */
  set tiles(tiles) {
    this.#tiles = tiles;
    // fetched now, so that the first preview is not an empty box
    for (const picture of new Set(tiles.map((tile) => tile.picture))) new Image().src = picture;
  }

  get seconds() {
    return Math.max(this.#readySeconds, this.#announcedSeconds);
  }

  /** Goes to a time, as far as there is something there. @param {number} seconds */
  seek(seconds) {
    const latest = this.#readySeconds < this.seconds ? this.#readySeconds - 0.5 : this.#readySeconds;
    this.#video.currentTime = Math.max(0, Math.min(seconds, latest));
    this.#paint();
  }

  get #readySeconds() {
    const { duration, seekable } = this.#video;
    if (Number.isFinite(duration)) return duration;
    return seekable.length > 0 ? seekable.end(seekable.length - 1) : 0;
  }

  #drag() {
    this.#dragging = true;
    const bounds = this.#slider.getBoundingClientRect();
    this.#previewAt(bounds.left + (Number(this.#slider.value) / this.seconds) * bounds.width);
    this.#paint();
  }

  #drop() {
    this.#dragging = false;
    this.seek(Number(this.#slider.value));
  }

  #paint() {
    const total = this.seconds;
    if (!this.#dragging) this.#slider.value = String(this.#video.currentTime);
    this.#slider.max = String(total || 1);
    if (!this.#dragging) this.#slider.value = String(this.#video.currentTime);
    const at = Number(this.#slider.value);
    this.#slider.setAttribute('aria-valuetext', this.#words.position(at, total));
    this.#setShare('--played', at);
    this.#setShare('--buffered', bufferedUntil(this.#video));
    this.#setShare('--ready', this.#readySeconds);
  }

  /** @param {string} name @param {number} seconds */
  #setShare(name, seconds) {
    const share = this.seconds > 0 ? Math.min(1, seconds / this.seconds) : 0;
    this.#bar.style.setProperty(name, `${(share * 100).toFixed(3)}%`);
  }

  /** @param {number} clientX */
  #previewAt(clientX) {
    if (this.seconds === 0) return;
    const bounds = this.#slider.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - bounds.left) / bounds.width));
    const seconds = share * this.seconds;
    this.#previewTime.textContent = formatTime(seconds);
    this.#showTile(seconds <= this.#readySeconds + 0.5 ? findTile(this.#tiles, seconds) : null);
    show(this.#preview, true);
    const half = this.#preview.offsetWidth / 2;
    const left = Math.min(bounds.width - half, Math.max(half, share * bounds.width));
    this.#preview.style.left = `${left}px`;
  }

  /** @param {Tile | null} tile */
  #showTile(tile) {
    show(this.#tile, tile !== null);
    if (tile === null) return;
    const { style } = this.#tile;
    style.width = `${tile.width}px`;
    style.height = `${tile.height}px`;
    style.zoom = String(PREVIEW_WIDTH / Math.max(tile.width, tile.height));
    style.backgroundImage = `url("${tile.picture.replaceAll('"', '%22')}")`;
    style.backgroundPosition = `-${tile.x}px -${tile.y}px`;
  }
}

/** The end of what is buffered around the present. @param {HTMLVideoElement} video */
function bufferedUntil({ buffered, currentTime }) {
  for (let index = 0; index < buffered.length; index += 1) {
    if (buffered.start(index) <= currentTime + 0.1 && buffered.end(index) >= currentTime)
      return buffered.end(index);
  }
  return currentTime;
}
