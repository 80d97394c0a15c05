import { type Session, sessionSchema } from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { apiFailure, parseJson } from './failures.ts';
import type { HttpResponse, HttpTransport } from './ports.ts';

const CALL_TIMEOUT_MS = 30_000;

/** The calls that make, renew and end a session. Failures are the API's own errors. */
export class AccountApi {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  async logIn(
    serverUrl: string,
    credentials: { email: string; password: string },
    signal: AbortSignal,
  ): Promise<Session> {
    return readSession(await this.#post(serverUrl, '/users/login', credentials, {}, signal));
  }

  /** The refresh token given is used up by this. */
  async refresh(serverUrl: string, refreshToken: string, signal: AbortSignal): Promise<Session> {
    const body = { refresh_token: refreshToken };
    return readSession(await this.#post(serverUrl, '/users/refresh', body, {}, signal));
  }

  async logOut(
    serverUrl: string,
    session: { token: string; refreshToken: string },
    signal: AbortSignal,
  ): Promise<void> {
    const body = { refresh_token: session.refreshToken };
    const headers = { authorization: `Bearer ${session.token}` };
    await this.#post(serverUrl, '/users/logout', body, headers, signal);
  }

  async #post(
    serverUrl: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const response = await this.#transport.request({
      method: 'POST',
      url: `${serverUrl.replace(/\/+$/, '')}/api/v1${path}`,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      timeoutMs: CALL_TIMEOUT_MS,
      signal,
    });
    if (response.status < 200 || response.status > 299) throw apiFailure(response);
    return response;
  }
}

function readSession(response: HttpResponse): Session {
  const parsed = sessionSchema.safeParse(parseJson(response.body));
  if (parsed.success) return parsed.data;
  throw new ReelmillError('internal', 'The answer is not one of a Reelmill server.', {
    retryable: false,
    cause: parsed.error,
  });
}
