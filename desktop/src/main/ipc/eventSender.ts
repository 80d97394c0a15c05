import type { IpcEvent, IpcPayload } from '../../contracts/ipc.ts';
import { EVENT_CHANNEL } from '../../preload/channels.ts';

/** The part of Electron's WebContents that an event needs. */
export interface EventTarget {
  isDestroyed(): boolean;
  isCrashed(): boolean;
  send(channel: string, event: string, payload: unknown): void;
}

/** Sends events to the page. Events without a page are dropped: a new page requests the present state. */
export class EventSender {
  readonly #target: () => EventTarget | null;

  constructor(target: () => EventTarget | null) {
    this.#target = target;
  }

  send<Event extends IpcEvent>(event: Event, payload: IpcPayload<Event>): void {
    const target = this.#target();
    if (target === null || target.isDestroyed() || target.isCrashed()) return;
    target.send(EVENT_CHANNEL, event, payload);
  }
}
