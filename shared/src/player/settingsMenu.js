/** @import { Playback } from './playback.js' */
/** @import { Stage } from './stage.js' */
/** @import { PlayerWords } from './words.js' */
import { label, show } from './elements.js';

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];

/** @typedef {{ label: string, checked: boolean, choose: () => void }} Choice */

/** The menu of sizes and speeds: opened by its button, walked with the arrow keys, closed by Escape or a choice. */
export class SettingsMenu {
  #parts;
  #button;
  #menu;
  #video;
  #playback;
  #words;

  /** @param {Stage} stage @param {{ playback: Playback, words: PlayerWords, signal: AbortSignal }} parts */
  constructor(stage, { playback, words, signal }) {
    this.#parts = stage.settings;
    this.#button = stage.settings.opener;
    this.#menu = stage.settings.menu;
    this.#video = stage.video;
    this.#playback = playback;
    this.#words = words;
    this.#button.addEventListener('click', () => this.#toggle(!this.open));
    this.#menu.addEventListener('keydown', (event) => this.#walk(event));
    const closeOutside = (/** @type {PointerEvent} */ { target }) => {
      if (!(target instanceof Node) || !stage.settings.root.contains(target)) this.#toggle(false);
    };
    document.addEventListener('pointerdown', closeOutside, { signal });
    this.#menu.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.#menu.contains(relatedTarget)) this.#toggle(false);
    });
    stage.video.addEventListener('ratechange', () => this.refresh());
    this.refresh();
  }

  get open() {
    return this.#menu.hidden === false;
  }

  /** Brings sizes and speeds up to date. */
  refresh() {
    const { qualities, chosenQuality, shownQuality } = this.#playback;
    const words = this.#words;
    const isAutomatic = chosenQuality === -1;
    const automatic =
      isAutomatic && shownQuality !== null ? words.automaticAs(shownQuality) : words.automatic;
    show(this.#parts.qualities.root, qualities.length > 0);
    fill(this.#parts.qualities.choices, [
      {
        label: automatic,
        checked: isAutomatic,
        choose: () => this.#playback.chooseQuality(-1),
      },
      ...qualities.map(({ index, label }) => ({
        label,
        checked: index === chosenQuality,
        choose: () => this.#playback.chooseQuality(index),
      })),
    ]);
    fill(
      this.#parts.speeds.choices,
      SPEEDS.map((speed) => ({
        label: speed === 1 ? words.normalSpeed : `${speed}×`,
        checked: this.#video.playbackRate === speed,
        choose: () => setSpeed(this.#video, speed),
      })),
    );
    this.#parts.badge.textContent = shownQuality ?? '';
    label(this.#button, shownQuality === null ? words.settings : words.settingsAs(shownQuality));
  }

  /** @param {boolean} open */
  #toggle(open) {
    if (open === this.open) return;
    show(this.#menu, open);
    this.#button.setAttribute('aria-expanded', String(open));
    if (open) this.#items.find((item) => item.getAttribute('aria-checked') === 'true')?.focus();
  }

  get #items() {
    return [...this.#menu.querySelectorAll('button')].filter((item) => item.offsetParent !== null);
  }

  /** @param {KeyboardEvent} event */
  #walk(event) {
    const items = this.#items;
    const at = items.findIndex((item) => item.matches(':focus'));
    const target = {
      ArrowDown: items[(at + 1) % items.length],
      ArrowUp: items[(at - 1 + items.length) % items.length],
      Home: items[0],
      End: items.at(-1),
      Escape: this.#button,
    }[event.key];
    if (target !== undefined) {
      event.preventDefault();
      target.focus();
    }
    if (event.key === 'Escape') this.#toggle(false);
    // the player's own keys have no business here
    if (event.key !== 'Tab') event.stopPropagation();
  }
}

/** The next speed up or down. @param {HTMLVideoElement} video @param {1 | -1} step */
export function stepSpeed(video, step) {
  const at = SPEEDS.findIndex((speed) => speed >= video.playbackRate);
  setSpeed(video, SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + step))] ?? 1);
}

/** Kept when another playlist is opened. @param {HTMLVideoElement} video @param {number} speed */
function setSpeed(video, speed) {
  video.defaultPlaybackRate = speed;
  video.playbackRate = speed;
}

/** Changes what is there in place, so that the focus stays. @param {HTMLElement} list @param {Choice[]} choices */
function fill(list, choices) {
  while (list.childElementCount > choices.length) list.lastElementChild?.remove();
  while (list.childElementCount < choices.length) list.append(createItem());
  for (const [index, { label, checked, choose }] of choices.entries()) {
    const item = /** @type {HTMLButtonElement} */ (list.children[index]); // made by createItem
    if (item.textContent !== label) item.textContent = label;
    item.setAttribute('aria-checked', String(checked));
    item.onclick = choose;
  }
}

function createItem() {
  const item = document.createElement('button');
  item.type = 'button';
  item.setAttribute('role', 'menuitemradio');
  item.tabIndex = -1;
  return item;
}
