import type { SessionState } from '@reelmill/shared/contracts/desktop.ts';
import type { IpcArgs } from '@reelmill/shared/contracts/ipc.ts';
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { call, on } from '../ipc/bridge.ts';

export interface SessionStoreState {
  session: SessionState;
}
export type SessionStore = StoreApi<SessionStoreState>;
export type SignedIn = Extract<SessionState, { status: 'signedIn' }>;

const NOBODY: SessionState = { status: 'signedOut', serverUrl: null, ended: null };

/** A store of its own, for tests; the app has `sessionStore`. */
export function createSessionStore(): SessionStore {
  return createStore<SessionStoreState>()(() => ({ session: NOBODY }));
}

export const sessionStore = createSessionStore();

export function useSession(): SessionState {
  return useStore(sessionStore, (state) => state.session);
}

/** Whoever is signed in; null on the sign-in screen. */
export function useAccount(): SignedIn | null {
  const session = useSession();
  return session.status === 'signedIn' ? session : null;
}

/** Takes the session from the main process and follows it; answers the function that ends it. */
export async function connectSession(store: SessionStore = sessionStore): Promise<() => void> {
  const stop = on('session.changed', (session) => store.setState({ session }));
  try {
    store.setState({ session: await call('session.get') });
    return stop;
  } catch (error) {
    stop();
    throw error;
  }
}

export async function signIn(
  credentials: IpcArgs<'session.signIn'>,
  store: SessionStore = sessionStore,
): Promise<void> {
  store.setState({ session: await call('session.signIn', credentials) });
}

/** Makes an account and signs in with it. */
export async function register(
  request: IpcArgs<'session.register'>,
  store: SessionStore = sessionStore,
): Promise<void> {
  store.setState({ session: await call('session.register', request) });
}

/** Signs the account out everywhere else. */
export async function changePassword(
  passwords: IpcArgs<'session.changePassword'>,
  store: SessionStore = sessionStore,
): Promise<void> {
  store.setState({ session: await call('session.changePassword', passwords) });
}

export async function signOut(store: SessionStore = sessionStore): Promise<void> {
  store.setState({ session: await call('session.signOut') });
}
