/// <reference types="vite/types/importMeta.d.ts" />
import type { IpcBridge, IpcEvent, IpcReply } from '@reelmill/desktop/contracts/ipc.ts';

/*
 * What the preload script is in the app, over Vite's socket; runs in the browser before the page's own script. The page
 * is loaded anew when the socket comes back, so nothing waits for a process that has gone.
 */

const waiting = new Map<number, (result: IpcReply) => void>();
const listeners = new Map<IpcEvent, Set<(payload: unknown) => void>>();
let lastId = 0;

import.meta.hot?.on('reelmill:result', ({ id, result }: { id: number; result: IpcReply }) => {
  waiting.get(id)?.(result);
  waiting.delete(id);
});
import.meta.hot?.on('reelmill:event', ({ event, payload }: { event: IpcEvent; payload: unknown }) => {
  for (const listener of listeners.get(event) ?? []) listener(payload);
});

const bridge: IpcBridge = {
  call: (name, args) =>
    new Promise((resolve) => {
      lastId += 1;
      waiting.set(lastId, resolve);
      import.meta.hot?.send('reelmill:call', { id: lastId, name, args });
    }),
  on(event, listener) {
    const known = listeners.get(event) ?? new Set();
    listeners.set(event, known.add(listener));
    return () => known.delete(listener);
  },
  pathOf: () => '',
};
Object.assign(globalThis, { reelmill: bridge });
