import type { Language } from '../../contracts/desktop.ts';
import { type QueueTotals, summarize } from '../../engine/queue/totals.ts';
import { translate } from '../i18n/translate.ts';
import type { Services } from '../ipc/handlers.ts';
import type { AppMenu } from '../menu/appMenu.ts';
import type { SleepBlocker } from '../power/sleepBlocker.ts';
import type { AppTray } from '../tray/appTray.ts';
import { BatchProgress } from '../tray/batchProgress.ts';
import { summarizeForTray } from '../tray/queueSummary.ts';
import type { MainWindow } from '../window/mainWindow.ts';

/** Summing up a long queue after each of its changes would cost too much. */
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

/** Keeps menu, tray and taskbar up to date, and the machine awake while files are sent. */
export class StatusBoard {
  readonly #parts: StatusBoardParts;
  readonly #progress = new BatchProgress();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: StatusBoardParts) {
    this.#parts = parts;
  }

  /** Call it after every change; refreshes at most once a second. */
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

  /** Without a network nothing is sent, and the machine may sleep. */
  #isSending({ counts }: QueueTotals): boolean {
    return this.#parts.isOnline() && counts.fingerprinting + counts.uploading + counts.completing > 0;
  }
}
