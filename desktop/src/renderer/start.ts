import { followLanguage } from './language.ts';
import { connectAppInfo } from './stores/appInfo.ts';
import { connectNavigation } from './stores/navigation.ts';
import { connectQueue } from './stores/queue.ts';
import { connectSession, sessionStore } from './stores/session.ts';
import { connectSettings } from './stores/settings.ts';
import { connectWatchFolder } from './stores/watchFolder.ts';

/**
 * Takes from the main process what everything stands on, and follows it as long as the page lives. Rejects where the
 * main process does not answer.
 */
export async function startStores(): Promise<void> {
  connectNavigation();
  await Promise.all([connectAppInfo(), connectSettings(), connectSession(), connectWatchFolder()]);
  followLanguage();
  followQueue();
}

/** The queue belongs to the account: it is taken anew whenever somebody signs in. */
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
