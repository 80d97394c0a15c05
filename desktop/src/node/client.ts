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

/** Everything a program on this machine needs to talk to a server as one user. */
export interface Client {
  /** Null where nobody is logged in. */
  session(): Promise<SavedSession | null>;
  /** Replaces the session that is kept; failures are the API's own errors. */
  logIn(serverUrl: string, credentials: { email: string; password: string }): Promise<SavedSession>;
  /** Replaces the password, and the session that is kept: every other one ends. Throws `wrong_credentials`. */
  changePassword(passwords: PasswordChange): Promise<SavedSession>;
  /** Forgets the session, and ends it on the server if that can be reached. */
  logOut(): Promise<void>;
  /** The API of that session's server. */
  api(session: SavedSession): ApiClient;
  /** A queue of uploads for that session's account. */
  uploads(session: SavedSession, options?: UploadOptions): UploadManager;
  readonly journal: Journal;
  /** What needs no session: looking a server up, making an account. */
  readonly account: AccountApi;
  /** Drops connections that a sleep or another network may have left dead; what was under way is tried again. */
  reconnect(): void;
  /** Ends the connections; queues are closed by their owners. */
  close(): void;
}

export interface ClientOptions {
  /** Where the session is kept, in place of the folder. */
  store?: SessionStore;
  /** Issuers of certificates, as PEM, to trust beside those of the system. */
  extraCaCerts?: string | null;
  /** Through which other hosts are reached; directly by default. */
  proxies?: Proxies;
}

/** Puts the engine together with Node's disk, network and clock. */
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
      // what is forgotten here ends by itself there
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
