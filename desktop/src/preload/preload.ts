import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { IpcBridge, IpcReply } from '../contracts/ipc.ts';
import { CALL_CHANNEL, EVENT_CHANNEL } from './channels.ts';

/** Call and event names are data on two channels, so that this script needs none of them: the main process validates all. */
const bridge: IpcBridge = {
  call: (call, args): Promise<IpcReply> => ipcRenderer.invoke(CALL_CHANNEL, call, args),
  on: (event, listener) => {
    const receive = (_: unknown, name: string, payload: unknown): void => {
      if (name === event) listener(payload);
    };
    ipcRenderer.on(EVENT_CHANNEL, receive);
    return () => ipcRenderer.off(EVENT_CHANNEL, receive);
  },
  pathOf: (file) => webUtils.getPathForFile(file),
};

contextBridge.exposeInMainWorld('reelmill', bridge);
