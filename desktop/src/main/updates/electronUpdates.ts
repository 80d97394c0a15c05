import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { app } from 'electron';
import type { AppUpdater } from 'electron-updater';
import { z } from 'zod';
import { createSignedProvider } from './signedProvider.ts';
import type { UpdateEvent, UpdateSource } from './updateService.ts';
import { readUpdateKey, UpdateRefusedError } from './updateSignature.ts';

/** Written into the package by electron-builder, where an update server was named when it was built. */
const CONFIGURATION = 'app-update.yml';
const metadataSchema = z.object({ updateKey: z.string().optional() });

/** Returns null where no update server is configured: then electron-updater is not even loaded. */
export async function findUpdateSource(logger: Logger): Promise<UpdateSource | null> {
  const configuration = join(process.resourcesPath, CONFIGURATION);
  if (!app.isPackaged || !existsSync(configuration)) return null;
  const url = await readUrl(configuration);
  if (url === null) {
    logger.warn({ configuration }, 'update server missing in the configuration');
    return null;
  }
  // a CommonJS module, whose exports are getters
  const { autoUpdater } = (await import('electron-updater')).default;
  autoUpdater.logger = {
    info: (message) => logger.info({ updater: String(message) }),
    warn: (message) => logger.warn({ updater: String(message) }),
    error: (message) => logger.warn({ updater: String(message) }),
  };
  autoUpdater.allowDowngrade = false;
  const key = findKey();
  if (key === null) {
    autoUpdater.autoDownload = false;
    autoUpdater.autoInstallOnAppQuit = false;
  } else {
    await requireSignatures(autoUpdater, key, url);
  }
  return {
    subscribe: (emit) => followUpdater(autoUpdater, { mayInstall: key !== null, emit }),
    check: async () => {
      const found = await autoUpdater.checkForUpdates();
      // an event reports a failed download as well
      found?.downloadPromise?.catch(() => undefined);
    },
    installNow: () => autoUpdater.quitAndInstall(false, true),
  };
}

/** Returns null in a package that was built without one. */
function findKey(): KeyObject | null {
  const text = readFileSync(join(app.getAppPath(), 'package.json'), 'utf8');
  const { updateKey } = metadataSchema.parse(JSON.parse(text));
  return updateKey === undefined ? null : readUpdateKey(updateKey);
}

/** Returns the only URL in the short file that electron-builder has written. */
async function readUrl(configuration: string): Promise<string | null> {
  const [, url] = /"?\burl"?: *["']?(https?:[^"'\s,}]+)/.exec(await readFile(configuration, 'utf8')) ?? [];
  return url ?? null;
}

async function requireSignatures(updater: AppUpdater, key: KeyObject, url: string): Promise<void> {
  const { GenericProvider } = await import('electron-updater/out/providers/GenericProvider.js');
  const SignedProvider = createSignedProvider(GenericProvider, key);
  updater.setFeedURL({
    provider: 'custom',
    updateProvider: class extends SignedProvider {
      constructor(_: unknown, ...rest: [AppUpdater, ConstructorParameters<typeof SignedProvider>[2]]) {
        super({ provider: 'generic', url }, ...rest);
      }
    },
  });
}

function followUpdater(
  updater: AppUpdater,
  { mayInstall, emit }: { mayInstall: boolean; emit: (event: UpdateEvent) => void },
): void {
  updater.on('checking-for-update', () => emit({ type: 'checking' }));
  updater.on('update-not-available', () => emit({ type: 'none' }));
  updater.on('update-available', ({ version }) =>
    emit({ type: mayInstall ? 'found' : 'available', version }),
  );
  updater.on('update-downloaded', ({ version }) => emit({ type: 'downloaded', version }));
  updater.on('error', (error) => {
    emit({ type: isRejected(error) ? 'refused' : 'failed', message: error.message });
  });
}

/** Also true for a file whose hash is not the signed one. */
function isRejected(error: Error): boolean {
  return error instanceof UpdateRefusedError || ('code' in error && error.code === 'ERR_CHECKSUM_MISMATCH');
}
