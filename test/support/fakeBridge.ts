import type { IpcBridge, IpcCall, IpcEvent, IpcPayload } from '@reelmill/desktop/contracts/ipc.ts';
import type { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** A call of the renderer that waits for its reply. */
export interface PendingCall {
  call: IpcCall;
  args: unknown;
  reply(value: unknown): Promise<void>;
  refuse(error: ReelmillError): Promise<void>;
}

/** The main process as the renderer's stores see it: each call waits for the reply of the test. */
export class FakeBridge implements IpcBridge {
  readonly calls: PendingCall[] = [];
  readonly #listeners = new Map<IpcEvent, Set<(payload: unknown) => void>>();

  /** Installs it where the renderer looks for it. Returns a function that removes it. */
  install(): () => void {
    Object.assign(globalThis, { window: { reelmill: this } });
    return () => Reflect.deleteProperty(globalThis, 'window');
  }

  call(call: IpcCall, args: unknown): ReturnType<IpcBridge['call']> {
    const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<IpcBridge['call']>>>();
    const nextTurn = () => new Promise<void>((done) => setImmediate(done));
    this.calls.push({
      call,
      args,
      reply: (value) => {
        resolve({ ok: true, value });
        return nextTurn();
      },
      refuse: ({ code, message }) => {
        resolve({ ok: false, error: { code, message } });
        return nextTurn();
      },
    });
    return promise;
  }

  /** Takes the oldest call, which must be this one. */
  take(call: IpcCall): PendingCall {
    const first = this.calls.shift();
    if (first?.call !== call) throw new Error(`${first?.call ?? 'nothing'} was called, not ${call}`);
    return first;
  }

  on(event: IpcEvent, listener: (payload: unknown) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  send<Event extends IpcEvent>(event: Event, payload: IpcPayload<Event>): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(payload);
  }

  pathOf(): string {
    return '';
  }
}
