import type { UploadSnapshot } from '@reelmill/shared/contracts/desktop.ts';
import { Notification } from 'electron';
import { formatNotices, type Notice, type NoticeTexts } from './notices.ts';

/** Uploads that end within this are told together. */
const GATHER_MS = 1_500;
/** Not every system tells when a notification is gone. */
const MAX_HELD = 50;

export interface NotifierOptions {
  isWanted(): boolean;
  texts(): NoticeTexts;
  open(target: Notice['target']): void;
}

/** Tells the user through the system, also when the window is hidden. */
export class Notifier {
  readonly #options: NotifierOptions;
  /** A notification that nobody holds is collected, and its click is lost. */
  readonly #shown = new Set<Notification>();
  #settled: UploadSnapshot[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** An upload came to its end. */
  tellOf(upload: UploadSnapshot): void {
    if (!this.#options.isWanted() || !Notification.isSupported()) return;
    this.#settled.push(upload);
    this.#timer ??= setTimeout(() => this.#tellAll(), GATHER_MS).unref();
  }

  /** Something about the app itself; shown whatever the settings say of uploads. */
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

  #tellAll(): void {
    this.#timer = undefined;
    const { texts, open } = this.#options;
    for (const notice of formatNotices(this.#settled.splice(0), texts())) {
      this.show(notice, () => open(notice.target));
    }
  }
}
