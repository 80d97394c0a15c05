import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { UploadState, View } from '../../contracts/desktop.ts';
import { isActive } from '../../engine/queue/totals.ts';
import type { EventSender } from '../ipc/eventSender.ts';
import type { QuitController } from '../lifecycle/quitController.ts';
import type { MenuActions } from '../menu/menuTemplate.ts';
import type { TrayActions } from '../tray/appTray.ts';
import type { AppContext } from './appContext.ts';

/** The commands of menu, tray and notifications. */
export class AppActions implements MenuActions, TrayActions {
  readonly #context: AppContext;
  readonly #events: EventSender;
  readonly #quitController: QuitController;

  constructor(context: AppContext, events: EventSender, quitController: QuitController) {
    this.#context = context;
    this.#events = events;
    this.#quitController = quitController;
  }

  show(): void {
    if (!this.#quitController.isLeaving) this.#context.window.show();
  }

  navigate(view: View, videoId: number | null = null): void {
    this.show();
    this.#events.send('app.navigate', { view, videoId });
  }

  addFiles(): void {
    this.#attempt(this.#add('files'));
  }

  addFolder(): void {
    this.#attempt(this.#add('folder'));
  }

  pauseAll(): void {
    this.#attempt(this.#context.services.queue.pause(this.#idsWhere(isActive)));
  }

  resumeAll(): void {
    this.#attempt(this.#context.services.queue.resume(this.#idsWhere((state) => state === 'paused')));
  }

  quit(): void {
    void this.#quitController.request({ ask: true });
  }

  async #add(what: 'files' | 'folder'): Promise<void> {
    this.navigate('queue');
    const result = await this.#context.services.queue.pick(what);
    if (result.added.length + result.known + result.refused.length > 0)
      this.#events.send('queue.intake', result);
  }

  #idsWhere(matches: (state: UploadState) => boolean): string[] {
    return this.#context.services.queue.uploads.filter(({ state }) => matches(state)).map(({ id }) => id);
  }

  /** Logs a failure: no caller waits for the result. */
  #attempt(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      // the user has signed out in the meantime
      if (error instanceof ReelmillError && error.code === 'unauthorized') return;
      this.#context.logger.error({ err: error }, 'menu command failed');
    });
  }
}
