import { Notification } from 'electron';
import type { UploadSnapshot } from '../../contracts/desktop.ts';
import { formatNotices, type Notice, type NoticeTexts } from './notices.ts';

/** Uploads that finish within this time share a notification. */
const BATCH_DELAY_MS = 1_500;
/** An upper bound, because not every system reports that a notification is closed. */
const MAX_HELD = 50;

export interface NotifierOptions {
  isWanted(): boolean;
  texts(): NoticeTexts;
  open(target: Notice['target']): void;
}

/** Shows notifications of the system, also while the window is hidden. */
export class Notifier {
  readonly #options: NotifierOptions;
  /** References: a notification that is garbage-collected loses its click. */
  readonly #shown = new Set<Notification>();
  #finished: UploadSnapshot[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Shows soon that an upload has finished. */
  add(upload: UploadSnapshot): void {
    if (!this.#options.isWanted() || !Notification.isSupported()) return;
    this.#finished.push(upload);
    this.#timer ??= setTimeout(() => this.#showAll(), BATCH_DELAY_MS).unref();
  }

  /** Shows a notification about the app itself, whatever the settings for uploads are.  */
  show({ title, body }: Pick<Notice, 'title' | 'body'>, onClick: () => void): void {
    if (!Notification.isSupported()) return;
    const notification = new Notification({ title, body });
    this.#hold(notification);
    const forget = (): void => void this.#shown.delete(notification);
    notification.on('click', () => {
      forget();
      onClick();
    });
    notification.on('close', forget);
    notification.on('failed', forget);
    notification.show();
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const notification of [...this.#shown]) notification.close();
    this.#shown.clear();
  }

  #hold(notification: Notification): void {
    this.#shown.add(notification);
    const [oldest] = this.#shown;
    if (oldest !== undefined && this.#shown.size > MAX_HELD) this.#shown.delete(oldest);
  }

  #showAll(): void {
    this.#timer = undefined;
    const { texts, open } = this.#options;
    for (const notice of formatNotices(this.#finished.splice(0), texts())) {
      this.show(notice, () => open(notice.target));
    }
  }
}
