import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ServerInfo } from '@reelmill/shared/contracts/server.ts';
import type { User } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { SessionEnd, SessionState, SessionStorage } from '../../contracts/desktop.ts';
import type { PasswordChange } from '../../engine/api/accountApi.ts';
import type { ApiClient } from '../../engine/api/apiClient.ts';
import { normalizeServerUrl } from '../../engine/api/serverUrl.ts';
import { endsSession, type SavedSession, toSavedSession } from '../../engine/api/session.ts';
import { type Client, createClient } from '../../node/client.ts';
import { clientFolderAt } from '../../node/clientFolder.ts';
import { EncryptedSessionStore } from './encryptedSessionStore.ts';
import type { Encryption } from './encryption.ts';
import { LastServerStore } from './lastServerStore.ts';
import { RepeatedCheck } from './repeatedCheck.ts';

/** How long the logout on the server may take, in the background. */
const LOG_OUT_TIMEOUT_MS = 10_000;
/** The delay after a check of the account that failed. */
const CHECK_DELAY_MS = 60_000;

export interface SessionServiceOptions {
  /** The data folder of the app. */
  folder: string;
  encryption: Encryption;
  /** Whether the session is saved, as the user has set it now (default: true). */
  staysSignedIn?: () => boolean;
  /** CA certificates to trust beside those of the system, as PEM. */
  extraCaCerts?: string | null;
  logger: Logger;
}

interface Credentials {
  serverUrl: string;
  email: string;
  password: string;
}

export interface Registration {
  serverUrl: string;
  account: { nickname: string; email: string; password: string };
}

/** One login of an account; a later login of the same account is another object. */
interface Login {
  session: SavedSession;
  readonly api: ApiClient;
}

/**
 * The session of the app: signed out, or one account of one server. It is restored without the network, and updated from
 * the server in the background. When the server ends it, the state has the reason.
 */
export class SessionService {
  readonly client: Client;
  readonly storage: SessionStorage;
  readonly #store: EncryptedSessionStore;
  readonly #lastServer: LastServerStore;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(state: SessionState) => void>();
  #login: Login | null = null;
  #ended: SessionEnd | null = null;
  readonly #checking = new RepeatedCheck(() => this.#check(), CHECK_DELAY_MS);

  constructor({ folder, encryption, staysSignedIn, extraCaCerts, logger }: SessionServiceOptions) {
    this.#logger = logger;
    const file = join(folder, 'session.bin');
    this.storage = encryption.storage;
    this.#store = new EncryptedSessionStore({
      ...{ file, encryption, logger },
      ...(staysSignedIn === undefined ? {} : { staysSignedIn }),
    });
    this.#lastServer = new LastServerStore(join(folder, 'server.json'));
    this.client = createClient(clientFolderAt(folder), {
      store: this.#store,
      extraCaCerts: extraCaCerts ?? null,
    });
  }

  get state(): SessionState {
    if (this.#login === null) {
      return { status: 'signedOut', serverUrl: this.#lastServer.last?.serverUrl ?? null, ended: this.#ended };
    }
    const { serverUrl, userId, email, nickname, role, passwordTemporary } = this.#login.session;
    return { status: 'signedIn', serverUrl, userId, email, nickname, role, passwordTemporary };
  }

  /** Null while nobody is signed in. Its tokens are those of the login: calls use the current ones. */
  get session(): SavedSession | null {
    return this.#login?.session ?? null;
  }

  /** The API for the account. Throws `unauthorized` while nobody is signed in. Use `call` to notice an ended session. */
  get api(): ApiClient {
    return this.#requireLogin().api;
  }

  /** The origins of the account's pictures and videos; empty while nobody is signed in. */
  get mediaOrigins(): readonly string[] {
    if (this.#login === null) return [];
    const { serverUrl } = this.#login.session;
    const last = this.#lastServer.last;
    return last?.serverUrl === serverUrl ? last.mediaOrigins : [new URL(serverUrl).origin];
  }

  /** Calls the listener after each change of the state or the media origins. Returns a function that ends the subscription. */
  subscribe(listener: (state: SessionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Restores the saved session, without the network, and returns the state. */
  async start(): Promise<SessionState> {
    await this.#lastServer.load();
    const saved = await this.#store.load();
    if (saved !== null) {
      this.#enter(saved);
      void this.check();
    }
    return this.state;
  }

  /** Returns the server at an address. Throws `validation_failed`, `not_a_server`, `certificate_invalid`, `network` or `timeout`. */
  async probe(address: string): Promise<{ serverUrl: string; info: ServerInfo }> {
    return this.client.account.probe(normalizeServerUrl(address), this.#closing.signal);
  }

  /** Signs in and returns the state. Throws what `probe` throws, `wrong_credentials`, `account_disabled`, `rate_limited` or `disk_full`. */
  async signIn({ serverUrl, email, password }: Credentials): Promise<SessionState> {
    this.#assertSignedOut();
    const server = await this.probe(serverUrl);
    const { signal } = this.#closing;
    const response = await this.client.account.logIn(server.serverUrl, { email, password }, signal);
    const session = toSavedSession(server.serverUrl, response);
    this.#assertSignedOut();
    try {
      await this.#store.begin(session);
    } catch (error) {
      await this.#store.remove();
      throw error;
    }
    await this.#updateOrigins(server.serverUrl, server.info);
    this.#enter(session);
    return this.state;
  }

  /** Creates an account and signs in. Throws what `signIn` throws, `email_taken` or `registration_closed`. */
  async register({ serverUrl, account }: Registration): Promise<SessionState> {
    this.#assertSignedOut();
    const server = await this.probe(serverUrl);
    await this.client.account.register(server.serverUrl, account, this.#closing.signal);
    return this.signIn({ serverUrl: server.serverUrl, email: account.email, password: account.password });
  }

  /** Changes the password, which ends every other session. Throws `wrong_credentials`, `rate_limited`, and what every call throws. */
  async changePassword(passwords: PasswordChange): Promise<SessionState> {
    const login = this.#requireLogin();
    const session = await this.call(() => this.client.changePassword(passwords));
    if (this.#login === login) {
      login.session = session;
      this.#notify();
    }
    return this.state;
  }

  /** Removes the session at once; logs out on the server in the background, if it can be reached. */
  async signOut(): Promise<SessionState> {
    const session = await this.#store.load();
    this.#leave(null);
    await this.#store.remove();
    if (session !== null) this.#logOutOnServer(session);
    return this.state;
  }

  /**
   * Calls the API for the account that is signed in. Where the server has ended the session, updates the state and throws
   * the error as well.
   */
  async call<T>(work: (api: ApiClient, signal: AbortSignal) => Promise<T>): Promise<T> {
    const login = this.#requireLogin();
    try {
      return await work(login.api, this.#closing.signal);
    } catch (error) {
      // another account may have signed in meanwhile
      if (endsSession(error) && this.#login === login) this.end(error.code);
      throw error;
    }
  }

  /** Applies a changed setting: saves the present session, or removes the saved one. */
  applyStaySignedIn(): Promise<void> {
    return this.#store.applyStaySignedIn();
  }

  /** Signs out because the server has ended the session. */
  end(reason: SessionEnd): void {
    if (this.#login === null) return;
    this.#logger.info({ reason }, 'session ended by the server');
    this.#leave(reason);
    this.#store.remove().catch((error: unknown) => {
      this.#logger.error({ err: error }, 'ended session not removed');
    });
  }

  /** Updates account and media origins from the server; repeated later where it cannot be reached. */
  check(): Promise<void> {
    return this.#checking.run();
  }

  async close(): Promise<void> {
    this.#closing.abort(new ReelmillError('aborted', 'The app is ending.'));
    await this.#checking.close();
    this.client.close();
  }

  #enter(session: SavedSession): void {
    this.#ended = null;
    this.#login = { session, api: this.client.api(session) };
    this.#notify();
  }

  #leave(reason: SessionEnd | null): void {
    this.#ended = reason;
    this.#login = null;
    this.#checking.cancel();
    this.#notify();
  }

  #notify(): void {
    const { state } = this;
    for (const listener of [...this.#listeners]) listener(state);
  }

  #requireLogin(): Login {
    if (this.#login === null) throw new ReelmillError('unauthorized', 'Not signed in.');
    return this.#login;
  }

  #assertSignedOut(): void {
    if (this.#login !== null) throw new ReelmillError('state_conflict', 'An account is already signed in.');
  }

  #logOutOnServer(session: SavedSession): void {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(LOG_OUT_TIMEOUT_MS)]);
    // without this the session expires on the server
    this.client.account.logOut(session.serverUrl, session, signal).catch(() => undefined);
  }

  async #check(): Promise<boolean> {
    const login = this.#login;
    if (login === null) return true;
    const { session } = login;
    const { serverUrl } = session;
    try {
      const info = await this.client.account.serverInfo(serverUrl, this.#closing.signal);
      if ((await this.#updateOrigins(serverUrl, info)) && this.#login === login) this.#notify();
      const user = await this.call((api, signal) => api.me(signal));
      // a password change may have brought a newer session
      if (this.#login === login && login.session === session) await this.#updateAccount(login, user);
      return true;
    } catch (error) {
      this.#logger.debug({ err: error }, 'account check failed');
      return this.#login === null || this.#closing.signal.aborted;
    }
  }

  async #updateAccount(login: Login, user: User): Promise<void> {
    const { email, nickname, role, password_temporary: passwordTemporary } = user;
    const session = { ...login.session, email, nickname, role, passwordTemporary };
    if (isDeepStrictEqual(session, login.session)) return;
    login.session = session;
    this.#notify();
    await this.#store.updateAccount({ email, nickname, role, passwordTemporary });
  }

  /** Returns whether they have changed. */
  async #updateOrigins(serverUrl: string, info: ServerInfo): Promise<boolean> {
    try {
      return await this.#lastServer.save({ serverUrl, mediaOrigins: info.media_origins });
    } catch (error) {
      // kept in memory, and fetched again at the next start
      this.#logger.warn({ err: error }, 'last server not saved');
      return true;
    }
  }
}
