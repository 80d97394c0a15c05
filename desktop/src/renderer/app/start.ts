import { connectSession, sessionStore } from '../account/sessionStore.ts';
import { connectNavigation } from '../navigation/navigationStore.ts';
import { connectQueue } from '../queue/model/queueStore.ts';
import { connectAppInfo } from '../settings/appInfoStore.ts';
import { connectSettings } from '../settings/settingsStore.ts';
import { connectWatchFolder } from '../settings/watchFolderStore.ts';
import { followLanguage } from './language.ts';

/**
 * Loads the shared state from the main process, and follows it as long as the page exists. Rejects where the main process
 * does not respond.
 */
export async function startStores(): Promise<void> {
  connectNavigation();
  await Promise.all([connectAppInfo(), connectSettings(), connectSession(), connectWatchFolder()]);
  followLanguage();
  followQueue();
}

/** The queue belongs to the account: it is loaded again after each sign-in. */
function followQueue(): void {
  let stop: (() => void) | null = null;
  const follow = (): void => {
    const signedIn = sessionStore.getState().session.status === 'signedIn';
    if (signedIn && stop === null) stop = connectQueue();
    if (!signedIn && stop !== null) {
      stop();
      stop = null;
    }
  };
  sessionStore.subscribe(follow);
  follow();
}
