import { setLabel, setVisible } from './elements.ts';
import type { Playback } from './playback.ts';
import type { PlayerTexts } from './playerTexts.ts';
import type { Stage } from './stage.ts';

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];

interface Choice {
  label: string;
  checked: boolean;
  choose(): void;
}

export interface ControlParts {
  playback: Playback;
  texts: PlayerTexts;
  /** Removes every listener outside the player's own elements. */
  signal: AbortSignal;
}

/** The menu of qualities and speeds: opened by its button, navigated with the arrow keys, closed by Escape or a click elsewhere. */
export class SettingsMenu {
  readonly #parts: Stage['settings'];
  readonly #button: HTMLButtonElement;
  readonly #menu: HTMLElement;
  readonly #video: HTMLVideoElement;
  readonly #playback: Playback;
  readonly #texts: PlayerTexts;

  constructor(stage: Stage, { playback, texts, signal }: ControlParts) {
    this.#parts = stage.settings;
    this.#button = stage.settings.opener;
    this.#menu = stage.settings.menu;
    this.#video = stage.video;
    this.#playback = playback;
    this.#texts = texts;
    this.#button.addEventListener('click', () => this.#toggle(!this.open));
    this.#menu.addEventListener('keydown', (event) => this.#handleKey(event));
    const closeOutside = ({ target }: PointerEvent): void => {
      if (!(target instanceof Node) || !stage.settings.root.contains(target)) this.#toggle(false);
    };
    document.addEventListener('pointerdown', closeOutside, { signal });
    this.#menu.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.#menu.contains(relatedTarget)) this.#toggle(false);
    });
    stage.video.addEventListener('ratechange', () => this.refresh());
    this.refresh();
  }

  get open(): boolean {
    return this.#menu.hidden === false;
  }

  /** Brings qualities and speeds up to date. */
  refresh(): void {
    const { qualities, chosenQuality, shownQuality } = this.#playback;
    const texts = this.#texts;
    const isAutomatic = chosenQuality === -1;
    const automatic =
      isAutomatic && shownQuality !== null ? texts.automaticAs(shownQuality) : texts.automatic;
    setVisible(this.#parts.qualities.root, qualities.length > 0);
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
        label: speed === 1 ? texts.normalSpeed : `${speed}×`,
        checked: this.#video.playbackRate === speed,
        choose: () => setSpeed(this.#video, speed),
      })),
    );
    this.#parts.badge.textContent = shownQuality ?? '';
    setLabel(this.#button, shownQuality === null ? texts.settings : texts.settingsAs(shownQuality));
  }

  #toggle(open: boolean): void {
    if (open === this.open) return;
    setVisible(this.#menu, open);
    this.#button.setAttribute('aria-expanded', String(open));
    if (open) this.#items.find((item) => item.getAttribute('aria-checked') === 'true')?.focus();
  }

  get #items(): HTMLButtonElement[] {
    return [...this.#menu.querySelectorAll('button')].filter((item) => item.offsetParent !== null);
  }

  #handleKey(event: KeyboardEvent): void {
    const items = this.#items;
    const at = items.findIndex((item) => item.matches(':focus'));
    const targets: Record<string, HTMLElement | undefined> = {
      ArrowDown: items[(at + 1) % items.length],
      ArrowUp: items[(at - 1 + items.length) % items.length],
      Home: items[0],
      End: items.at(-1),
      Escape: this.#button,
    };
    const target = targets[event.key];
    if (target !== undefined) {
      event.preventDefault();
      target.focus();
    }
    if (event.key === 'Escape') this.#toggle(false);
    // the player's own keys do not apply here
    if (event.key !== 'Tab') event.stopPropagation();
  }
}

/** Sets the next speed up or down. */
export function stepSpeed(video: HTMLVideoElement, step: 1 | -1): void {
  const at = SPEEDS.findIndex((speed) => speed >= video.playbackRate);
  setSpeed(video, SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + step))] ?? 1);
}

/** Sets a speed that is kept when another playlist is opened. */
function setSpeed(video: HTMLVideoElement, speed: number): void {
  video.defaultPlaybackRate = speed;
  video.playbackRate = speed;
}

/** Changes the items in place, so that the focus stays. */
function fill(list: HTMLElement, choices: readonly Choice[]): void {
  while (list.childElementCount > choices.length) list.lastElementChild?.remove();
  while (list.childElementCount < choices.length) list.append(createItem());
  for (const [index, { label, checked, choose }] of choices.entries()) {
    const item = list.children[index] as HTMLButtonElement; // made by createItem
    if (item.textContent !== label) item.textContent = label;
    item.setAttribute('aria-checked', String(checked));
    item.onclick = choose;
  }
}

function createItem(): HTMLButtonElement {
  const item = document.createElement('button');
  item.type = 'button';
  item.setAttribute('role', 'menuitemradio');
  item.tabIndex = -1;
  return item;
}
