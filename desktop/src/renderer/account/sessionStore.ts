import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { SessionState } from '../../contracts/desktop.ts';
import type { IpcArgs } from '../../contracts/ipc.ts';
import { call, on } from '../ipc/bridge.ts';

export interface SessionStoreState {
  session: SessionState;
}
export type SessionStore = StoreApi<SessionStoreState>;
export type SignedIn = Extract<SessionState, { status: 'signedIn' }>;

const NOBODY: SessionState = { status: 'signedOut', serverUrl: null, ended: null };

/** Creates a store, for tests; the app uses `sessionStore`. */
export function createSessionStore(): SessionStore {
  return createStore<SessionStoreState>()(() => ({ session: NOBODY }));
}

export const sessionStore = createSessionStore();

export function useSession(): SessionState {
  return useStore(sessionStore, (state) => state.session);
}

/** The account that is signed in; null on the sign-in screen. */
export function useAccount(): SignedIn | null {
  const session = useSession();
  return session.status === 'signedIn' ? session : null;
}

/** Loads the session from the main process and follows it. Returns a function that ends it. */
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

/** Creates an account and signs in. */
export async function register(
  request: IpcArgs<'session.register'>,
  store: SessionStore = sessionStore,
): Promise<void> {
  store.setState({ session: await call('session.register', request) });
}

/** Changes the password, which ends every other session. */
export async function changePassword(
  passwords: IpcArgs<'session.changePassword'>,
  store: SessionStore = sessionStore,
): Promise<void> {
  store.setState({ session: await call('session.changePassword', passwords) });
}

export async function signOut(store: SessionStore = sessionStore): Promise<void> {
  store.setState({ session: await call('session.signOut') });
}
