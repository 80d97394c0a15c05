import { Menu } from 'electron';
import type { Translate } from '../i18n/translate.ts';
import { type MenuActions, type MenuState, menuTemplate } from './menuTemplate.ts';

/** Puts the menu up, and again whenever what it depends on has changed. */
export class AppMenu {
  readonly #actions: MenuActions;
  #shown = '';

  constructor(actions: MenuActions) {
    this.#actions = actions;
  }

  update(state: MenuState, language: string, t: Translate): void {
    const wanted = JSON.stringify([state, language]);
    // building a menu closes one that is open
    if (wanted === this.#shown) return;
    this.#shown = wanted;
    Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(state, this.#actions, t)));
  }
}
