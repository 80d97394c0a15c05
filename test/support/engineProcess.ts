/*
 * The upload engine in a process of its own, put together as the app does it, so that a test can kill it. Its only
 * argument is an EngineRequest as JSON. It prints the queue, one `name=state` for each upload, whenever a state changes,
 * and `sent NAME BYTES` as bytes are acknowledged.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SavedSession, SessionStore } from '@reelmill/desktop/engine/api/session.ts';
import { createClient } from '@reelmill/desktop/node/client.ts';
import { clientFolderAt } from '@reelmill/desktop/node/clientFolder.ts';
import { type RunningProcess, startProcess } from './processes.ts';

export interface EngineRequest {
  serverUrl: string;
  /** Where journal and queue are kept. */
  folder: string;
  /** Absolute paths, after the queue was brought back. */
  add?: string[];
  /** File names. */
  pause?: string[];
  /** A file name, to the front of the queue. */
  moveFirst?: string;
  bytesPerSecond?: number;
}

/** Starts the process. */
export function startEngineProcess(request: EngineRequest): RunningProcess {
  return startProcess(process.execPath, [fileURLToPath(import.meta.url), JSON.stringify(request)], {
    name: 'engine',
  });
}

async function run({ serverUrl, folder, bytesPerSecond, ...request }: EngineRequest): Promise<void> {
  const session: SavedSession = {
    v: 1,
    serverUrl,
    userId: 1,
    email: 'ann@example.org',
    nickname: 'ann',
    role: 'creator',
    passwordTemporary: false,
    token: 'valid',
    refreshToken: 'unused',
  };
  const store: SessionStore = {
    load: async () => session,
    save: async () => undefined,
    remove: async () => undefined,
    exclusively: (work) => work(),
  };
  const manager = createClient(clientFolderAt(folder), { store }).uploads(session, {
    keepQueue: true,
    bytesPerSecond: bytesPerSecond ?? null,
    settings: { fileConcurrency: 1, partConcurrency: 1, progressIntervalMs: 20, pollMs: 50 },
  });
  const printQueue = (): void => {
    const states = manager.uploads.map(({ fileName, state }) => `${fileName}=${state}`);
    process.stdout.write(`queue ${states.join(' ')}\n`);
  };
  manager.subscribe((event) => {
    if (event.type === 'state') printQueue();
    if (event.type === 'progress') {
      process.stdout.write(`sent ${event.upload.fileName} ${event.upload.acknowledgedBytes}\n`);
    }
  });
  await manager.restoreQueue();
  printQueue();
  manager.addAll((request.add ?? []).map((file) => ({ path: file, refuseDuplicates: false })));
  const idOf = (name: string): string =>
    manager.uploads.find((upload) => path.basename(upload.path) === name)?.id ?? '';
  await manager.pauseAll((request.pause ?? []).map(idOf));
  if (request.moveFirst !== undefined) manager.move(idOf(request.moveFirst), 0);
  await manager.whenSaved();
  process.stdout.write('set up\n');
}

const [, program, argument] = process.argv;
if (program === fileURLToPath(import.meta.url) && argument !== undefined) await run(JSON.parse(argument));
