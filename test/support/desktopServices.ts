import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import type { QueueChange, UploadSnapshot, UploadState } from '@reelmill/desktop/contracts/desktop.ts';
import type { UploadSettings } from '@reelmill/desktop/engine/context.ts';
import { PATIENT_RETRY } from '@reelmill/desktop/engine/flow/retry.ts';
import { FarmService } from '@reelmill/desktop/main/farm/farmService.ts';
import { LibraryService } from '@reelmill/desktop/main/library/libraryService.ts';
import type { Dialogs } from '@reelmill/desktop/main/queue/queueService.ts';
import { QueueService } from '@reelmill/desktop/main/queue/queueService.ts';
import type { Encryption } from '@reelmill/desktop/main/session/encryption.ts';
import { SessionService } from '@reelmill/desktop/main/session/sessionService.ts';
import { SettingsStore } from '@reelmill/desktop/main/settings/settingsStore.ts';
import { createLogger, type Logger } from '@reelmill/shared/runtime/logger.ts';
import { waitFor } from './processes.ts';

/** The services of the app's main process, as one start of the app has them. */
export interface DesktopServices {
  readonly session: SessionService;
  readonly settings: SettingsStore;
  readonly queue: QueueService;
  readonly library: LibraryService;
  readonly farm: FarmService;
  readonly logger: Logger;
  /** What the user will answer in dialogs. */
  readonly answers: { videos: string[]; replacement: string | null };
  readonly clipboard: { text: string };
  readonly changes: QueueChange[];
  /** The uploads that the queue reported as finished. */
  readonly finished: UploadSnapshot[];
  /** Resolves with the snapshot of an upload as soon as it is in one of the states. */
  reach(id: string, ...states: UploadState[]): Promise<UploadSnapshot>;
  /** An end of the app; twice is harmless. */
  close(): Promise<void>;
}

export interface ServicesOptions {
  encryption?: Encryption;
  uploadSettings?: Partial<UploadSettings>;
}

/** Starts the services on the files of a folder: a second start on the same one is the next start of the app. */
export async function startServices(
  folder: string,
  { encryption = createTestEncryption('this user'), uploadSettings }: ServicesOptions = {},
): Promise<DesktopServices> {
  const logger = createLogger({ level: 'silent', name: 'test' });
  const settings = await SettingsStore.open(path.join(folder, 'settings.json'));
  const session = new SessionService({ folder, encryption, logger });
  const answers: DesktopServices['answers'] = { videos: [], replacement: null };
  const dialogs: Dialogs = {
    chooseVideos: async () => answers.videos,
    chooseReplacement: async () => answers.replacement,
  };
  const queue = new QueueService({
    session,
    settings,
    dialogs,
    logger,
    uploadSettings: {
      progressIntervalMs: 20,
      pollMs: 50,
      retry: { ...PATIENT_RETRY, baseMs: 20, maxMs: 200 },
      ...uploadSettings,
    },
  });
  const changes: QueueChange[] = [];
  queue.subscribe((change) => changes.push(change));
  const finished: UploadSnapshot[] = [];
  queue.onFinished((upload) => finished.push(upload));
  const clipboard = { text: '' };
  const library = new LibraryService(session, {
    writeText: (text) => {
      clipboard.text = text;
    },
  });
  await session.start();
  await queue.start();
  return {
    session,
    settings,
    queue,
    library,
    farm: new FarmService(session),
    logger,
    answers,
    clipboard,
    changes,
    finished,
    reach: (id, ...states) =>
      waitFor(`upload ${id} is ${states.join(' or ')}`, () => {
        const upload = queue.uploads.find((one) => one.id === id);
        return upload !== undefined && states.includes(upload.state) ? upload : null;
      }),
    async close() {
      await queue.close();
      await session.close();
    },
  };
}

/** Real encryption with the key of a user whom the test makes up. */
export function createTestEncryption(user: string): Encryption {
  const key = createHash('sha256').update(user).digest();
  return {
    storage: 'keyring',
    encrypt: (text) => {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]);
    },
    decrypt: (encrypted) => {
      const decipher = createDecipheriv('aes-256-gcm', key, encrypted.subarray(0, 12));
      decipher.setAuthTag(encrypted.subarray(12, 28));
      return Buffer.concat([decipher.update(encrypted.subarray(28)), decipher.final()]).toString('utf8');
    },
  };
}
