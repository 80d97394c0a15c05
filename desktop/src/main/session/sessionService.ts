import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { SessionEnd, SessionState, SessionStorage } from '@reelmill/shared/contracts/desktop.ts';
import type { ServerInfo } from '@reelmill/shared/contracts/server.ts';
import type { User } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
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

/** How long the server may take to hear that somebody signed out; nobody waits for it. */
const LOG_OUT_TIMEOUT_MS = 10_000;
/** When the server is asked again for what could not be learned of it. */
const CHECK_AGAIN_MS = 60_000;

export interface SessionServiceOptions {
  /** Where the app keeps its files. */
  folder: string;
  encryption: Encryption;
  /** Whether the session outlives the app, as the user wants it now (default: it does). */
  staysSignedIn?: () => boolean;
  /** Issuers of certificates, as PEM, to trust beside those of the system. */
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

/** One account that is signed in, until it is not; a later login of the same account is another one. */
interface Login {
  session: SavedSession;
  readonly api: ApiClient;
}

/**
 * Who uses the app: nobody, or one account of one server. A session is restored without the network; what the server
 * says of it meanwhile is learned in the background. When the server ends it, the state says why.
 */
export class SessionService {
  readonly client: Client;
  readonly storage: SessionStorage;
  readonly #store: EncryptedSessionStore;
  readonly #memory: LastServerStore;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(state: SessionState) => void>();
  #login: Login | null = null;
  #ended: SessionEnd | null = null;
  readonly #checking = new RepeatedCheck(() => this.#check(), CHECK_AGAIN_MS);

  constructor({ folder, encryption, staysSignedIn, extraCaCerts, logger }: SessionServiceOptions) {
    this.#logger = logger;
    const file = join(folder, 'session.bin');
    this.storage = encryption.storage;
    this.#store = new EncryptedSessionStore({
      ...{ file, encryption, logger },
      ...(staysSignedIn === undefined ? {} : { staysSignedIn }),
    });
    this.#memory = new LastServerStore(join(folder, 'server.json'));
    this.client = createClient(clientFolderAt(folder), {
      store: this.#store,
      extraCaCerts: extraCaCerts ?? null,
    });
  }

  get state(): SessionState {
    if (this.#login === null) {
      return { status: 'signedOut', serverUrl: this.#memory.known?.serverUrl ?? null, ended: this.#ended };
    }
    const { serverUrl, userId, email, nickname, role, passwordTemporary } = this.#login.session;
    return { status: 'signedIn', serverUrl, userId, email, nickname, role, passwordTemporary };
  }

  /** Null while nobody is signed in. Its tokens are those of the beginning: calls take the current ones. */
  get session(): SavedSession | null {
    return this.#login?.session ?? null;
  }

  /** Throws `unauthorized` while nobody is signed in. See `call` for one whose failures are noticed here. */
  get api(): ApiClient {
    return this.#requireLogin().api;
  }

  /** Where the pictures and videos of the account come from; empty while nobody is signed in. */
  get mediaOrigins(): readonly string[] {
    if (this.#login === null) return [];
    const { serverUrl } = this.#login.session;
    const known = this.#memory.known;
    return known?.serverUrl === serverUrl ? known.mediaOrigins : [new URL(serverUrl).origin];
  }

  /** Called with the state whenever it, or the media origins, are others. Answers the function that ends this. */
  subscribe(listener: (state: SessionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Restores the session of the last time; needs no network. */
  async start(): Promise<SessionState> {
    await this.#memory.load();
    const saved = await this.#store.load();
    if (saved !== null) {
      this.#enter(saved);
      void this.check();
    }
    return this.state;
  }

  /** Throws `validation_failed`, `not_a_server`, `certificate_invalid`, `network` or `timeout`. */
  async probe(address: string): Promise<{ serverUrl: string; info: ServerInfo }> {
    return this.client.account.probe(normalizeServerUrl(address), this.#closing.signal);
  }

  /** Throws what `probe` throws, `wrong_credentials`, `account_disabled`, `rate_limited` or `disk_full`. */
  async signIn({ serverUrl, email, password }: Credentials): Promise<SessionState> {
    this.#assertSignedOut();
    const server = await this.probe(serverUrl);
    const { signal } = this.#closing;
    const answer = await this.client.account.logIn(server.serverUrl, { email, password }, signal);
    const session = toSavedSession(server.serverUrl, answer);
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

  /** Makes an account and signs in with it; throws `email_taken` and `registration_closed`, too. */
  async register({ serverUrl, account }: Registration): Promise<SessionState> {
    this.#assertSignedOut();
    const server = await this.probe(serverUrl);
    await this.client.account.register(server.serverUrl, account, this.#closing.signal);
    return this.signIn({ serverUrl: server.serverUrl, email: account.email, password: account.password });
  }

  /** Signs the account out everywhere else. Throws `wrong_credentials`, `rate_limited`, and what every call throws. */
  async changePassword(passwords: PasswordChange): Promise<SessionState> {
    const login = this.#requireLogin();
    const session = await this.call(() => this.client.changePassword(passwords));
    if (this.#login === login) {
      login.session = session;
      this.#tell();
    }
    return this.state;
  }

  /** Forgets the session at once; the server is told if it can be reached. */
  async signOut(): Promise<SessionState> {
    const session = await this.#store.load();
    this.#leave(null);
    await this.#store.remove();
    if (session !== null) this.#logOutOnServer(session);
    return this.state;
  }

  /**
   * Calls the API as whoever is signed in. Where the answer is that the session is over, the state says so, and the
   * failure is thrown as well.
   */
  async call<T>(work: (api: ApiClient, signal: AbortSignal) => Promise<T>): Promise<T> {
    const login = this.#requireLogin();
    try {
      return await work(login.api, this.#closing.signal);
    } catch (error) {
      // somebody else may have signed in meanwhile
      if (endsSession(error) && this.#login === login) this.end(error.code);
      throw error;
    }
  }

  /** Follows what the user wants by now: the session that is kept is forgotten, or the present one is kept. */
  applyStaySignedIn(): Promise<void> {
    return this.#store.applyStaySignedIn();
  }

  /** The server has ended the session. */
  end(reason: SessionEnd): void {
    if (this.#login === null) return;
    this.#logger.info({ reason }, 'the server ended the session');
    this.#leave(reason);
    this.#store.remove().catch((error: unknown) => {
      this.#logger.error({ err: error }, 'the session that is over could not be removed');
    });
  }

  /** Learns what the server says of the account and of itself by now; tried again later where it cannot be reached. */
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
    this.#tell();
  }

  #leave(reason: SessionEnd | null): void {
    this.#ended = reason;
    this.#login = null;
    this.#checking.cancel();
    this.#tell();
  }

  #tell(): void {
    const { state } = this;
    for (const listener of [...this.#listeners]) listener(state);
  }

  #requireLogin(): Login {
    if (this.#login === null) throw new ReelmillError('unauthorized', 'Nobody is signed in.');
    return this.#login;
  }

  #assertSignedOut(): void {
    if (this.#login !== null) throw new ReelmillError('state_conflict', 'Somebody is signed in already.');
  }

  #logOutOnServer(session: SavedSession): void {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(LOG_OUT_TIMEOUT_MS)]);
    // what is forgotten here ends by itself there
    this.client.account.logOut(session.serverUrl, session, signal).catch(() => undefined);
  }

  async #check(): Promise<boolean> {
    const login = this.#login;
    if (login === null) return true;
    const { session } = login;
    const { serverUrl } = session;
    try {
      const info = await this.client.account.serverInfo(serverUrl, this.#closing.signal);
      if ((await this.#updateOrigins(serverUrl, info)) && this.#login === login) this.#tell();
      const user = await this.call((api, signal) => api.me(signal));
      // a new password may have brought a newer answer
      if (this.#login === login && login.session === session) await this.#updateAccount(login, user);
      return true;
    } catch (error) {
      this.#logger.debug({ err: error }, 'the server could not be asked about the account');
      return this.#login === null || this.#closing.signal.aborted;
    }
  }

  async #updateAccount(login: Login, user: User): Promise<void> {
    const { email, nickname, role, password_temporary: passwordTemporary } = user;
    const session = { ...login.session, email, nickname, role, passwordTemporary };
    if (isDeepStrictEqual(session, login.session)) return;
    login.session = session;
    this.#tell();
    await this.#store.describe({ email, nickname, role, passwordTemporary });
  }

  /** Answers whether they are others than before. */
  async #updateOrigins(serverUrl: string, info: ServerInfo): Promise<boolean> {
    try {
      return await this.#memory.remember({ serverUrl, mediaOrigins: info.media_origins });
    } catch (error) {
      // it is known as long as the app runs, and asked for again the next time
      this.#logger.warn({ err: error }, 'the address of the server could not be kept');
      return true;
    }
  }
}
