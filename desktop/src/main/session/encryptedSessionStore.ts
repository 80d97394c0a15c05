import { readFile, rm } from 'node:fs/promises';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { type SavedSession, type SessionStore, savedSessionSchema } from '../../engine/api/session.ts';
import { writeFileAtomically } from '../../node/atomicFile.ts';
import type { Encryption } from './encryption.ts';

/**
 * The session, in memory and encrypted in one file, which is read once. Only this process uses it. There is no file where
 * the user does not want to stay signed in, or where nothing can be encrypted.
 * `begin` starts a session; `save` only renews the present one, so that a refresh that was running while the user signed
 * out does not restore it.
 */
export class EncryptedSessionStore implements SessionStore {
  readonly #file: string;
  readonly #encryption: Encryption;
  readonly #logger: Logger;
  readonly #staysSignedIn: () => boolean;
  #session: SavedSession | null | undefined;
  #turns: Promise<unknown> = Promise.resolve();
  #writing: Promise<unknown> = Promise.resolve();

  constructor(options: {
    file: string;
    encryption: Encryption;
    staysSignedIn?: () => boolean;
    logger: Logger;
  }) {
    this.#file = options.file;
    this.#encryption = options.encryption;
    this.#logger = options.logger;
    this.#staysSignedIn = options.staysSignedIn ?? (() => true);
  }

  /** Returns null where nobody is signed in, and where the file cannot be decrypted. */
  async load(): Promise<SavedSession | null> {
    if (this.#session !== undefined) return this.#session;
    const read = await this.#read();
    // the user may have signed in meanwhile
    if (this.#session === undefined) this.#session = read;
    return this.#session;
  }

  /** Throws `disk_full` where the session cannot be written. */
  async begin(session: SavedSession): Promise<void> {
    this.#session = session;
    await this.#write(session);
  }

  async save(session: SavedSession): Promise<void> {
    const current = await this.load();
    const isRenewal = current?.serverUrl === session.serverUrl && current.userId === session.userId;
    if (isRenewal) await this.begin(session);
  }

  /** Updates the facts of the account; the tokens stay. */
  async updateAccount(
    account: Pick<SavedSession, 'email' | 'nickname' | 'role' | 'passwordTemporary'>,
  ): Promise<void> {
    const current = await this.load();
    if (current !== null) await this.begin({ ...current, ...account });
  }

  async remove(): Promise<void> {
    this.#session = null;
    await this.#inTurn(() => rm(this.#file, { force: true }));
  }

  /** Writes or removes the file after the setting has changed. Throws `disk_full` where it cannot be written. */
  async applyStaySignedIn(): Promise<void> {
    const session = await this.load();
    if (session !== null) await this.#write(session);
  }

  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.then(work);
    this.#turns = turn.catch(() => undefined);
    return turn;
  }

  async #read(): Promise<SavedSession | null> {
    const text = await readFile(this.#file, 'utf8').catch(() => null);
    if (text === null) return null;
    try {
      const decrypted = this.#encryption.decrypt(Buffer.from(text, 'base64'));
      return savedSessionSchema.parse(JSON.parse(decrypted));
    } catch {
      // the error may quote the decrypted text
      this.#logger.warn('session file not readable');
      return null;
    }
  }

  async #write(session: SavedSession): Promise<void> {
    if (!this.#staysSignedIn() || this.#encryption.storage === 'memory') {
      this.#logger.info('session kept in memory only');
      // the refresh token in an older file is invalid by now
      await this.#inTurn(() => rm(this.#file, { force: true }));
      return;
    }
    const text = this.#encryption.encrypt(JSON.stringify(session)).toString('base64');
    try {
      await this.#inTurn(() => writeFileAtomically(this.#file, text));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ReelmillError('disk_full', `The session cannot be saved: ${reason}`, { cause });
    }
  }

  /** Runs writes in their order. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#writing.then(work);
    this.#writing = turn.catch(() => undefined);
    return turn;
  }
}
