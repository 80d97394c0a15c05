import type { Language } from '@reelmill/shared/contracts/desktop.ts';
import { type QueueTotals, summarize } from '../../engine/queue/totals.ts';
import { translate } from '../i18n/translate.ts';
import type { Services } from '../ipc/handlers.ts';
import type { AppMenu } from '../menu/appMenu.ts';
import type { SleepBlocker } from '../power/sleepBlocker.ts';
import type { AppTray } from '../tray/appTray.ts';
import { BatchProgress } from '../tray/batchProgress.ts';
import { summarizeForTray } from '../tray/queueSummary.ts';
import type { MainWindow } from '../window/mainWindow.ts';

/** Adding up a long queue with each of its changes would cost more than it tells. */
const REFRESH_EVERY_MS = 1_000;

export interface StatusBoardParts {
  services: Pick<Services, 'session' | 'queue'>;
  menu: AppMenu;
  tray: AppTray | null;
  window: MainWindow;
  sleepBlocker: SleepBlocker;
  language(): Language;
  isOnline(): boolean;
  developerTools: boolean;
}

/** Keeps everything outside the page as the app is: menu, tray, taskbar, and the machine awake. */
export class StatusBoard {
  readonly #parts: StatusBoardParts;
  readonly #progress = new BatchProgress();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: StatusBoardParts) {
    this.#parts = parts;
  }

  /** To be called with every change of anything; works once a second at most. */
  refreshSoon(): void {
    this.#timer ??= setTimeout(() => this.refresh(), REFRESH_EVERY_MS).unref();
  }

  refresh(): void {
    this.close();
    const { services, menu, tray, window, language, developerTools } = this.#parts;
    const { session, queue } = services;
    const t = translate(language());
    const { state } = session;
    menu.update(
      {
        platform: process.platform,
        signedIn: state.status === 'signedIn',
        admin: state.status === 'signedIn' && state.role === 'admin',
        developerTools,
      },
      language(),
      t,
    );
    const { uploads } = queue;
    const totals = summarize(uploads);
    const summary = summarizeForTray(totals, this.#progress.measure(uploads));
    tray?.update({ summary, paused: totals.counts.paused > 0, language: language() }, t);
    window.setProgress(summary.activity === 'uploading' ? summary.part : null);
    this.#parts.sleepBlocker.update(this.#isSending(totals));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Without a network nothing is sent, and the machine may sleep as it likes. */
  #isSending({ counts }: QueueTotals): boolean {
    return this.#parts.isOnline() && counts.fingerprinting + counts.uploading + counts.completing > 0;
  }
}
