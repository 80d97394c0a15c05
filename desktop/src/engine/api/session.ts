import { roleSchema, type Session as SessionResponse } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { z } from 'zod';
import { type SessionEnd, sessionEndSchema } from '../../contracts/desktop.ts';
import type { SessionPort } from '../ports/ports.ts';
import type { AccountApi, PasswordChange } from './accountApi.ts';

/** Who is logged in, and where. */
export const savedSessionSchema = z.object({
  v: z.literal(1),
  serverUrl: z.string(),
  userId: z.int(),
  email: z.string(),
  nickname: z.string(),
  /** Not in files of earlier versions; the next refresh sets it. */
  role: roleSchema.default('creator'),
  passwordTemporary: z.boolean().default(false),
  token: z.string(),
  refreshToken: z.string(),
});
export type SavedSession = z.infer<typeof savedSessionSchema>;

/** Where the session is stored; several processes may share it. */
export interface SessionStore {
  load(): Promise<SavedSession | null>;
  save(session: SavedSession): Promise<void>;
  remove(): Promise<void>;
  /** Runs `work` while no other process runs any on the same session. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

export type SessionEndError = ReelmillError & { readonly code: SessionEnd };

/** Whether the session has ended, so that the user has to log in again. */
export function endsSession(error: unknown): error is SessionEndError {
  return error instanceof ReelmillError && sessionEndSchema.safeParse(error.code).success;
}

export function toSavedSession(serverUrl: string, response: SessionResponse): SavedSession {
  return {
    v: 1,
    serverUrl,
    userId: response.user.user_id,
    email: response.user.email,
    nickname: response.user.nickname,
    role: response.user.role,
    passwordTemporary: response.user.password_temporary,
    token: response.token,
    refreshToken: response.refresh_token,
  };
}

/**
 * The session as the API client needs it. A refresh token works once, and using it twice ends the session: so of all
 * callers and processes only one refreshes, and the others use its result.
 */
export class StoredSession implements SessionPort {
  readonly #store: SessionStore;
  readonly #account: AccountApi;
  #refreshing: Promise<string> | null = null;

  constructor(store: SessionStore, account: AccountApi) {
    this.#store = store;
    this.#account = account;
  }

  async accessToken(): Promise<string> {
    return (await this.#load()).token;
  }

  refresh(rejectedToken: string): Promise<string> {
    this.#refreshing ??= this.#store
      .exclusively(() => this.#refreshOnce(rejectedToken))
      .finally(() => {
        this.#refreshing = null;
      });
    return this.#refreshing;
  }

  /**
   * Changes the password and stores the new session; every other one ends. Calls whose token is rejected meanwhile wait
   * for it. Returns the new session. Throws `wrong_credentials`, which ends no session, and what `refresh` throws.
   */
  async changePassword(passwords: PasswordChange): Promise<SavedSession> {
    const { token } = await this.#load();
    try {
      return await this.#changePassword(passwords);
    } catch (error) {
      if (!endsSession(error)) throw error;
      await this.refresh(token);
      return this.#changePassword(passwords);
    }
  }

  #changePassword(passwords: PasswordChange): Promise<SavedSession> {
    return this.#store.exclusively(async () => {
      const { serverUrl, email, token } = await this.#load();
      // never aborted, as a refresh: an unread response would lose the session
      const { signal } = new AbortController();
      const response = await this.#account.changePassword(serverUrl, { ...passwords, email, token }, signal);
      const session = toSavedSession(serverUrl, response);
      await this.#store.save(session);
      return session;
    });
  }

  async #refreshOnce(rejectedToken: string): Promise<string> {
    const session = await this.#load();
    if (session.token !== rejectedToken) return session.token;
    // not the caller's signal: aborting a refresh half way would lose the session
    const { signal } = new AbortController();
    try {
      const response = await this.#account.refresh(session.serverUrl, session.refreshToken, signal);
      await this.#store.save(toSavedSession(session.serverUrl, response));
      return response.token;
    } catch (error) {
      if (error instanceof ReelmillError && error.status === 401) {
        throw new ReelmillError(error.code, 'The session has ended. Log in again.', { cause: error });
      }
      throw error;
    }
  }

  async #load(): Promise<SavedSession> {
    const session = await this.#store.load();
    if (session === null) throw new ReelmillError('unauthorized', 'Not logged in.');
    return session;
  }
}
