import { Menu } from 'electron';
import type { Translate } from '../i18n/translate.ts';
import { type MenuActions, type MenuState, menuTemplate } from './menuTemplate.ts';

/** Sets the application menu, and rebuilds it when what it depends on has changed. */
export class AppMenu {
  readonly #actions: MenuActions;
  #shown = '';

  constructor(actions: MenuActions) {
    this.#actions = actions;
  }

  update(state: MenuState, language: string, t: Translate): void {
    const wanted = JSON.stringify([state, language]);
    // a rebuild closes an open menu
    if (wanted === this.#shown) return;
    this.#shown = wanted;
    Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(state, this.#actions, t)));
  }
}
