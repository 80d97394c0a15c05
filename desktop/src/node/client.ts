import { AccountApi, type PasswordChange } from '../engine/api/accountApi.ts';
import { ApiClient } from '../engine/api/apiClient.ts';
import {
  type SavedSession,
  type SessionStore,
  StoredSession,
  toSavedSession,
} from '../engine/api/session.ts';
import type { UploadSettings } from '../engine/context.ts';
import type { Journal } from '../engine/ports/ports.ts';
import { UploadManager } from '../engine/queue/manager.ts';
import type { ClientFolder } from './clientFolder.ts';
import { systemClock } from './clock.ts';
import { DeviceFile } from './deviceFile.ts';
import { nodeDigests } from './digests.ts';
import { FileJournal } from './fileJournal.ts';
import { nodeFileSource } from './fileSource.ts';
import { NodeHttpTransport } from './httpTransport.ts';
import type { Proxies } from './proxies.ts';
import { QueueFile } from './queueFile.ts';
import { SessionFile } from './sessionFile.ts';

export interface UploadOptions {
  settings?: Partial<UploadSettings>;
  /** For all uploads together; null for no limit. */
  bytesPerSecond?: number | null;
  /** Whether the queue outlives the process; see `UploadManager.restoreQueue`. */
  keepQueue?: boolean;
  onSaveFailure?: (error: unknown) => void;
}

/** Everything that a program on this machine needs to use a server as one user. */
export interface Client {
  /** Returns null where nobody is logged in. */
  session(): Promise<SavedSession | null>;
  /** Logs in and stores the session. Throws the API's own errors. */
  logIn(serverUrl: string, credentials: { email: string; password: string }): Promise<SavedSession>;
  /** Changes the password and stores the new session; every other one ends. Throws `wrong_credentials`. */
  changePassword(passwords: PasswordChange): Promise<SavedSession>;
  /** Removes the session, and ends it on the server if that can be reached. */
  logOut(): Promise<void>;
  /** The API of that session's server. */
  api(session: SavedSession): ApiClient;
  /** A queue of uploads for that session's account. */
  uploads(session: SavedSession, options?: UploadOptions): UploadManager;
  readonly journal: Journal;
  /** The calls that need no session: probing a server, creating an account. */
  readonly account: AccountApi;
  /** Closes connections that may be dead after a sleep or on another network; running calls are retried. */
  reconnect(): void;
  /** Closes the connections; the owners of queues close those. */
  close(): void;
}

export interface ClientOptions {
  /** Where the session is stored, in place of the folder. */
  store?: SessionStore;
  /** CA certificates to trust beside those of the system, as PEM. */
  extraCaCerts?: string | null;
  /** The proxies to reach other hosts through; none by default. */
  proxies?: Proxies;
}

/** Connects the engine to Node's disk, network and clock. */
export function createClient(folder: ClientFolder, options: ClientOptions = {}): Client {
  const sessions = options.store ?? new SessionFile(folder.sessionFile);
  const transport = new NodeHttpTransport(options);
  const account = new AccountApi(transport, new DeviceFile(folder.deviceFile));
  const journal = new FileJournal(folder.journalFolder);
  const never = (): AbortSignal => new AbortController().signal;
  const api = (session: SavedSession): ApiClient =>
    new ApiClient({ serverUrl: session.serverUrl, transport, session: new StoredSession(sessions, account) });
  return {
    journal,
    account,
    api,
    session: () => sessions.load(),
    logIn: async (serverUrl, credentials) => {
      const session = toSavedSession(serverUrl, await account.logIn(serverUrl, credentials, never()));
      await sessions.save(session);
      return session;
    },
    changePassword: (passwords) => new StoredSession(sessions, account).changePassword(passwords),
    logOut: async () => {
      const session = await sessions.load();
      await sessions.remove();
      // without this the session expires on the server
      if (session !== null) await account.logOut(session.serverUrl, session, never()).catch(() => undefined);
    },
    uploads: (session, { keepQueue = false, ...options } = {}) => {
      const scope = `${session.serverUrl} ${session.userId}`;
      return new UploadManager({
        ...options,
        api: api(session),
        transport,
        files: nodeFileSource,
        journal,
        clock: systemClock,
        digests: nodeDigests,
        scope,
        ...(keepQueue ? { queueStore: new QueueFile(folder.queueFolder, scope) } : {}),
      });
    },
    reconnect: () => transport.close(),
    close: () => transport.close(),
  };
}
