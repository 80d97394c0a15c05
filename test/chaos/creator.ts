import { setTimeout as pause } from 'node:timers/promises';
import { sessionSchema } from '@reelmill/shared/contracts/users.ts';

const CALL_TIMEOUT_MS = 12_000;
const RETRY_MS = 400;

/** A response of the API that is worth no retry. */
export interface Reply {
  status: number;
  /** Parsed JSON; null where there is none. */
  body: unknown;
}

/** A user with an account, whose program retries every call until the server has decided about it. */
export class Creator {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly #apiUrl: string;
  readonly #signal: AbortSignal;
  #token: string | null = null;

  /** `signal` ends every retry. */
  constructor(apiUrl: string, name: string, signal: AbortSignal) {
    this.#apiUrl = apiUrl;
    this.#signal = signal;
    this.name = name;
    this.email = `${name}@example.org`;
    this.password = `password of ${name}`;
  }

  async register(): Promise<void> {
    const { name, email, password } = this;
    await this.#retry('POST', '/users/register', { nickname: name, email, password });
  }

  /** The response to one call, after as many tries as it took. Throws where the run's time is over. */
  async call(method: string, path: string, body?: unknown): Promise<Reply> {
    for (;;) {
      this.#token ??= await this.#logIn();
      const reply = await this.#retry(method, path, body);
      if (reply.status !== 401) return reply;
      this.#token = null;
    }
  }

  async #logIn(): Promise<string> {
    const { email, password } = this;
    const reply = await this.#retry('POST', '/users/login', { email, password });
    if (reply.status !== 200) throw new Error(`login: ${reply.status} ${JSON.stringify(reply.body)}`);
    return sessionSchema.parse(reply.body).token;
  }

  async #retry(method: string, path: string, body?: unknown): Promise<Reply> {
    for (;;) {
      this.#signal.throwIfAborted();
      const reply = await this.#tryOnce(method, path, body).catch(() => null);
      // 429 and what a server says that lacks something; 403 is what it says of signatures while its clock is wrong
      if (reply !== null && reply.status < 500 && reply.status !== 429) return reply;
      await pause(RETRY_MS);
    }
  }

  async #tryOnce(method: string, path: string, body?: unknown): Promise<Reply> {
    const response = await fetch(`${this.#apiUrl}/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(this.#token === null ? {} : { Authorization: `Bearer ${this.#token}` }),
      },
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }
}
