import { type SessionEnd, sessionEndSchema } from '@reelmill/shared/contracts/desktop.ts';
import { roleSchema, type Session as SessionResponse } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { z } from 'zod';
import type { SessionPort } from '../ports/ports.ts';
import type { AccountApi, PasswordChange } from './accountApi.ts';

/** Who is logged in, and where. */
export const savedSessionSchema = z.object({
  v: z.literal(1),
  serverUrl: z.string(),
  userId: z.int(),
  email: z.string(),
  nickname: z.string(),
  /** Files of earlier versions do not say; the next refresh does. */
  role: roleSchema.default('creator'),
  passwordTemporary: z.boolean().default(false),
  token: z.string(),
  refreshToken: z.string(),
});
export type SavedSession = z.infer<typeof savedSessionSchema>;

/** Where the session is kept; several processes may use one. */
export interface SessionStore {
  load(): Promise<SavedSession | null>;
  save(session: SavedSession): Promise<void>;
  remove(): Promise<void>;
  /** Runs `work` while no other process runs any on the same session. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

export type SessionEndError = ReelmillError & { readonly code: SessionEnd };

/** Whether nothing goes on before somebody logs in again. */
export function endsSession(error: unknown): error is SessionEndError {
  return error instanceof ReelmillError && sessionEndSchema.safeParse(error.code).success;
}

export function toSavedSession(serverUrl: string, answer: SessionResponse): SavedSession {
  return {
    v: 1,
    serverUrl,
    userId: answer.user.user_id,
    email: answer.user.email,
    nickname: answer.user.nickname,
    role: answer.user.role,
    passwordTemporary: answer.user.password_temporary,
    token: answer.token,
    refreshToken: answer.refresh_token,
  };
}

/**
 * The session as the API client needs it. A refresh token works once, and using it twice ends the session: so of all
 * callers and processes only one refreshes, and the others take what it got.
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
   * Replaces the password, and the session by the only one that is left then. Who is refused meanwhile waits for it.
   * Throws `wrong_credentials`, which ends nothing, and what `refresh` throws.
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
      // as for a refresh: an answer that nobody takes would lose the session
      const { signal } = new AbortController();
      const answer = await this.#account.changePassword(serverUrl, { ...passwords, email, token }, signal);
      const session = toSavedSession(serverUrl, answer);
      await this.#store.save(session);
      return session;
    });
  }

  async #refreshOnce(rejectedToken: string): Promise<string> {
    const session = await this.#load();
    if (session.token !== rejectedToken) return session.token;
    // not the caller's signal: a refresh that is given up half way would lose the session
    const { signal } = new AbortController();
    try {
      const answer = await this.#account.refresh(session.serverUrl, session.refreshToken, signal);
      await this.#store.save(toSavedSession(session.serverUrl, answer));
      return answer.token;
    } catch (error) {
      if (error instanceof ReelmillError && error.status === 401) {
        throw new ReelmillError(error.code, 'The session has ended. Log in again.', { cause: error });
      }
      throw error;
    }
  }

  async #load(): Promise<SavedSession> {
    const session = await this.#store.load();
    if (session === null) throw new ReelmillError('unauthorized', 'Nobody is logged in.');
    return session;
  }
}
