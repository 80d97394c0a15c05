import path from 'node:path';
import type { UploadSnapshot } from '@reelmill/desktop/contracts/desktop.ts';
import type { UploadManager } from '@reelmill/desktop/engine/queue/manager.ts';
import { isFinished } from '@reelmill/desktop/engine/record/uploadStates.ts';
import { createClient } from '@reelmill/desktop/node/client.ts';
import { clientFolderAt } from '@reelmill/desktop/node/clientFolder.ts';
import type { VideoStatus } from '@reelmill/shared/contracts/videos.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import type { Models } from '../../server/src/db/models.ts';
import { type ApiUser, DocumentedApi } from './apiClient.ts';
import { makeTemporaryFolder, waitFor } from './processes.ts';

const SAVE_DELAY_MS = 300_000;
/** So little that no sample is sent before the test has looked at its row. */
const SLOW_BYTES_PER_SECOND = 10_000;

/** A user with an account, a folder, and the upload engine as programs use it. */
export interface Creator {
  readonly user: ApiUser;
  readonly manager: UploadManager;
  readonly folder: string;
  /** The states of each video in the database, by its id, in their order. */
  readonly history: ReadonlyMap<number, readonly VideoStatus[]>;
  /** The percentages that the engine showed of each video, by its id. */
  readonly progress: ReadonlyMap<number, readonly number[]>;
  /** Uploads files, all at once, and returns in their order what became of them. */
  upload(files: readonly string[]): Promise<UploadSnapshot[]>;
  /** Waits until nothing more happens to any upload by itself. */
  waitUntilFinished(): Promise<void>;
  close(): Promise<void>;
}

/** Registers a user at a server. `models` are those of the database behind it. */
export async function signUpCreator(url: string, models: Models, name: string): Promise<Creator> {
  const cleanupStack = new CleanupStack();
  const folder = await makeTemporaryFolder('creator');
  cleanupStack.add('folder', () => folder.remove());
  const user = await (await DocumentedApi.of(url)).signUp(name);
  const client = createClient(clientFolderAt(path.join(folder.path, 'config')));
  cleanupStack.add('client', () => client.close());
  const manager = client.uploads(await client.logIn(url, user), {
    settings: { fileConcurrency: 100, partConcurrency: 2, pollMs: 200 },
  });
  cleanupStack.add('uploads', () => manager.close());
  const { progress, history, look } = observe(manager, models);

  const lookUntil = (what: string, condition: () => boolean): Promise<boolean> =>
    waitFor(
      what,
      async () => {
        await look();
        return condition();
      },
      { timeoutMs: SAVE_DELAY_MS },
    );
  const waitUntilFinished = async (): Promise<void> => {
    await lookUntil('every upload is finished', () =>
      manager.uploads.every(({ state }) => isFinished(state)),
    );
  };
  return {
    user,
    manager,
    folder: folder.path,
    history,
    progress,
    waitUntilFinished,
    async upload(files) {
      manager.setRateLimit(SLOW_BYTES_PER_SECOND);
      const ids = files.map((file) => manager.add({ path: file }));
      const uploads = (): UploadSnapshot[] => manager.uploads.filter(({ id }) => ids.includes(id));
      await lookUntil('every upload has begun', () =>
        uploads().every(({ videoId, state }) => history.has(videoId ?? -1) || isFinished(state)),
      );
      manager.setRateLimit(null);
      await waitUntilFinished();
      return uploads();
    },
    close: () => cleanupStack.release(),
  };
}

function observe(manager: UploadManager, models: Models) {
  const history = new Map<number, VideoStatus[]>();
  const progress = new Map<number, number[]>();
  manager.subscribe((event) => {
    const { videoId, video } = 'upload' in event ? event.upload : { videoId: null, video: null };
    if (event.type === 'video' && videoId !== null && video !== null) {
      progress.set(videoId, [...(progress.get(videoId) ?? []), video.progress]);
    }
  });
  /** Writes down which videos have another state than when they were last looked at. */
  const look = async (): Promise<void> => {
    for (const { id, status } of await models.Video.findAll({ attributes: ['id', 'status'] })) {
      const seen = history.get(id) ?? [];
      if (seen.at(-1) !== status) history.set(id, [...seen, status]);
    }
  };
  return { history, progress, look };
}
