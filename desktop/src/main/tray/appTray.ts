import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { Menu, Tray } from 'electron';
import type { Translate } from '../i18n/translate.ts';
import { type QueueSummary, trayTooltip } from './queueSummary.ts';

export interface TrayActions {
  show(): void;
  pauseAll(): void;
  resumeAll(): void;
  quit(): void;
}

export interface TrayState {
  summary: QueueSummary;
  /** Whether there is anything to resume. */
  paused: boolean;
  language: string;
}

/** The app's icon in the tray, with the state of the uploads. */
export class AppTray {
  readonly #tray: Tray;
  readonly #actions: TrayActions;
  #tooltip = '';
  #menu = '';

  private constructor(tray: Tray, actions: TrayActions) {
    this.#tray = tray;
    this.#actions = actions;
    tray.on('click', () => actions.show());
  }

  /** Returns null where the icon is missing or the system has no tray. */
  static create(iconFile: string | null, actions: TrayActions, logger: Logger): AppTray | null {
    if (iconFile === null) return null;
    try {
      return new AppTray(new Tray(iconFile), actions);
    } catch (error) {
      logger.warn({ err: error }, 'tray not available');
      return null;
    }
  }

  update({ summary, paused, language }: TrayState, t: Translate): void {
    const tooltip = trayTooltip(summary, t);
    if (tooltip !== this.#tooltip) this.#tray.setToolTip(tooltip);
    this.#tooltip = tooltip;
    const menu = JSON.stringify([summary.activity, paused, language]);
    if (menu !== this.#menu) this.#tray.setContextMenu(this.#buildMenu(summary, paused, t));
    this.#menu = menu;
  }

  destroy(): void {
    this.#tray.destroy();
  }

  #buildMenu({ activity }: QueueSummary, paused: boolean, t: Translate): Menu {
    const { show, pauseAll, resumeAll, quit } = this.#actions;
    return Menu.buildFromTemplate([
      { label: t('tray.show'), click: () => show() },
      { type: 'separator' },
      { label: t('tray.pauseAll'), enabled: activity === 'uploading', click: () => pauseAll() },
      { label: t('tray.resumeAll'), enabled: paused, click: () => resumeAll() },
      { type: 'separator' },
      { label: t('tray.quit'), click: () => quit() },
    ]);
  }
}
