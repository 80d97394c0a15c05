import type { ChildProcess } from 'node:child_process';

/** One end of a channel between two processes, or of what stands in for it. Messages are plain data, in order. */
export interface IpcChannel {
  readonly open: boolean;
  /** A message that is sent while the channel closes is lost; a caller that waits for its effect listens to `onClose`. */
  send(message: object): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when the other end is gone. */
  onClose(listener: () => void): void;
}

/** The channel to a child that was forked, or (with `process`) a forked child's channel to its parent. */
export function processChannel(end: ChildProcess | NodeJS.Process): IpcChannel {
  return {
    get open() {
      return end.connected;
    },
    send(message) {
      // an error here is the channel's end, which `disconnect` reports
      if (end.connected) end.send?.(message, undefined, undefined, () => undefined);
    },
    onMessage(listener) {
      end.on('message', listener);
    },
    onClose(listener) {
      end.once('disconnect', listener);
    },
  };
}
