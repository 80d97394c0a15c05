import { resolve } from 'node:path';
import type { SavedSession } from '../engine/api/session.ts';
import type { UploadManager } from '../engine/queue/manager.ts';
import { isFinished } from '../engine/record/uploadStates.ts';
import type { Client } from '../node/client.ts';
import { type Display, showBars, showJson, showLines } from './display.ts';
import { EXIT, exitCodeOfUploads } from './exitCodes.ts';
import { printable } from './formats.ts';
import type { Terminal } from './terminal.ts';

export interface UploadCommandOptions {
  title?: string;
  concurrency?: number;
  files?: number;
  limitRate?: number;
  wait?: boolean;
  json?: boolean;
}

/**
 * Uploads files and shows the progress; with `wait` until the videos are online. An interrupt stops sending, so that the
 * same command can resume later. Returns the exit code.
 */
export async function uploadFiles(
  client: Client,
  terminal: Terminal,
  request: { session: SavedSession; paths: readonly string[]; options: UploadCommandOptions },
): Promise<number> {
  const { session, paths, options } = request;
  const manager = client.uploads(session, {
    settings: {
      follow: options.wait ?? false,
      ...(options.concurrency === undefined ? {} : { partConcurrency: options.concurrency }),
      ...(options.files === undefined ? {} : { fileConcurrency: options.files }),
    },
    bytesPerSecond: options.limitRate ?? null,
  });
  const display = chooseDisplay(terminal, options.json ?? false);
  manager.subscribe(display.show);
  try {
    for (const path of paths) manager.add({ path: resolve(path), title: options.title ?? null });
    const signal = await finishedOrInterrupted(manager, options.wait ?? false);
    display.stop();
    if (signal !== null) return reportInterrupt(terminal, manager, signal);
    report(terminal, manager, options.json ?? false);
    return exitCodeOfUploads(manager.uploads);
  } finally {
    display.stop();
    await manager.close();
  }
}

function chooseDisplay(terminal: Terminal, json: boolean): Display {
  const write = (line: string): void => {
    terminal.stdout.write(`${line}\n`);
  };
  if (json) return showJson(write);
  return terminal.stderr.isTTY ? showBars(terminal.stderr) : showLines(write);
}

/** Returns null when everything is finished; otherwise the signal that was received, after pausing all uploads. */
async function finishedOrInterrupted(manager: UploadManager, wait: boolean): Promise<NodeJS.Signals | null> {
  const interrupted = Promise.withResolvers<NodeJS.Signals>();
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    // a second signal does not wait for an orderly end
    if (signals > 1) process.exit(exitCodeOfSignal(signal));
    interrupted.resolve(signal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    const signal = await Promise.race([interrupted.promise, allFinished(manager, wait)]);
    if (signal !== null) await manager.pauseAll();
    return signal;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

function allFinished(manager: UploadManager, wait: boolean): Promise<null> {
  const isDone = (): boolean =>
    manager.uploads.every(({ state }) => isFinished(state) || (state === 'processing' && !wait));
  return new Promise((resolve) => {
    const check = (): void => {
      if (isDone()) resolve(null);
    };
    // the event comes before its upload frees the slot for the next one
    manager.subscribe(() => queueMicrotask(check));
    check();
  });
}

function reportInterrupt(terminal: Terminal, manager: UploadManager, signal: NodeJS.Signals): number {
  const states = manager.uploads.map(({ state }) => state);
  if (states.includes('paused')) {
    terminal.stderr.write('Stopped. Nothing that was sent is lost: run the same command to resume.\n');
  }
  if (states.includes('processing')) {
    terminal.stderr.write('Uploaded videos are processed on the server; see `reelmill list`.\n');
  }
  return exitCodeOfSignal(signal);
}

function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return signal === 'SIGTERM' ? EXIT.terminated.code : EXIT.interrupted.code;
}

/** Prints the failures again, and the links of the videos. */
function report(terminal: Terminal, manager: UploadManager, json: boolean): void {
  for (const { fileName, videoId, video, failure } of manager.uploads) {
    if (failure !== null) terminal.stderr.write(`${printable(fileName)}: ${failure.message}\n`);
    else if (!json && video !== null) {
      terminal.stdout.write(`${printable(fileName)}: video ${videoId}, ${video.watchUrl}\n`);
    }
  }
}
