import { type ServerInfo, serverInfoSchema } from '@reelmill/shared/contracts/server.ts';
import {
  type RegisterRequest,
  registerResponseSchema,
  type Session,
  sessionSchema,
  type User,
} from '@reelmill/shared/contracts/users.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { HttpRequest, HttpResponse, HttpTransport } from '../ports/ports.ts';
import { type DeviceTokens, NO_DEVICE_TOKENS } from './deviceTokens.ts';
import { apiFailure, readResponse } from './responses.ts';

const CALL_TIMEOUT_MS = 30_000;
/** Shorter, because somebody has typed an address and waits. */
const PROBE_TIMEOUT_MS = 15_000;

export interface PasswordChange {
  current: string;
  next: string;
}

type Call = Pick<HttpRequest, 'signal'> & {
  path: string;
  body: unknown;
  headers?: Record<string, string>;
};

/** The calls that need no session, and those that create, renew and end one. Throws the API's own errors. */
export class AccountApi {
  readonly #transport: HttpTransport;

  readonly #devices: DeviceTokens;

  constructor(transport: HttpTransport, devices: DeviceTokens = NO_DEVICE_TOKENS) {
    this.#transport = transport;
    this.#devices = devices;
  }

  /**
   * Returns what the server at an address reports about itself. Throws `not_a_server` where something else responds,
   * `certificate_invalid`, or `network` and `timeout` without a response.
   */
  async serverInfo(serverUrl: string, signal: AbortSignal): Promise<ServerInfo> {
    const response = await this.#getServer(serverUrl, signal);
    if (response.status === 429 || response.status === 503) throw apiFailure(response);
    if (response.status !== 200) throw notAServer(serverUrl);
    try {
      return readResponse(response, serverInfoSchema);
    } catch (error) {
      throw notAServer(serverUrl, error);
    }
  }

  /**
   * The same for an address that somebody typed. Follows a redirect from http to https on the same host, and returns the
   * address that responded.
   */
  async probe(serverUrl: string, signal: AbortSignal): Promise<{ serverUrl: string; info: ServerInfo }> {
    const secureUrl = secureTarget(serverUrl, await this.#getServer(serverUrl, signal));
    const finalUrl = secureUrl ?? serverUrl;
    return { serverUrl: finalUrl, info: await this.serverInfo(finalUrl, signal) };
  }

  /** Creates an account. Throws `email_taken`, `registration_closed` or `validation_failed`. */
  async register(serverUrl: string, account: RegisterRequest, signal: AbortSignal): Promise<User> {
    const response = await this.#post(serverUrl, { path: '/users/register', body: account, signal });
    return readResponse(response, registerResponseSchema).user;
  }

  async logIn(
    serverUrl: string,
    credentials: { email: string; password: string },
    signal: AbortSignal,
  ): Promise<Session> {
    const call = { path: '/users/login', body: credentials, signal };
    return this.#postFromDevice(serverUrl, { ...call, email: credentials.email });
  }

  /** Returns the next session; the refresh token is invalid afterwards. */
  async refresh(serverUrl: string, refreshToken: string, signal: AbortSignal): Promise<Session> {
    const body = { refresh_token: refreshToken };
    const response = await this.#post(serverUrl, { path: '/users/refresh', body, signal });
    return readResponse(response, sessionSchema);
  }

  /** Ends every session of the account, including that of the token, and returns a new one. Throws `wrong_credentials`. */
  async changePassword(
    serverUrl: string,
    { token, email, current, next }: PasswordChange & { token: string; email: string },
    signal: AbortSignal,
  ): Promise<Session> {
    const body = { current_password: current, new_password: next };
    const headers = { authorization: `Bearer ${token}` };
    return this.#postFromDevice(serverUrl, { path: '/me/password', body, headers, signal, email });
  }

  async logOut(
    serverUrl: string,
    session: { token: string; refreshToken: string },
    signal: AbortSignal,
  ): Promise<void> {
    const body = { refresh_token: session.refreshToken };
    const headers = { authorization: `Bearer ${session.token}` };
    await this.#post(serverUrl, { path: '/users/logout', body, headers, signal });
  }

  /** Sends the device token of the account, if there is one, and stores the token of the response. */
  async #postFromDevice(
    serverUrl: string,
    { email, body, ...call }: Call & { body: object; email: string },
  ): Promise<Session> {
    const account = { serverUrl, email: email.trim().toLowerCase() };
    const known = await this.#devices.load(account);
    const response = await this.#post(serverUrl, { ...call, body: { ...body, device_token: known } });
    const session = readResponse(response, sessionSchema);
    const { device_token: token } = session;
    if (token !== undefined && token !== known) await this.#devices.save(account, token);
    return session;
  }

  #getServer(serverUrl: string, signal: AbortSignal): Promise<HttpResponse> {
    return this.#transport.request({
      method: 'GET',
      url: addressOf(serverUrl, '/server'),
      headers: {},
      timeoutMs: PROBE_TIMEOUT_MS,
      signal,
    });
  }

  async #post(serverUrl: string, { path, body, headers, signal }: Call): Promise<HttpResponse> {
    const response = await this.#transport.request({
      method: 'POST',
      url: addressOf(serverUrl, path),
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      timeoutMs: CALL_TIMEOUT_MS,
      signal,
    });
    if (response.status < 200 || response.status > 299) throw apiFailure(response);
    return response;
  }
}

function addressOf(serverUrl: string, path: string): string {
  return `${serverUrl.replace(/\/+$/, '')}/api/v1${path}`;
}

/** Returns the https address of the same server that a redirect leads to, otherwise null. */
function secureTarget(serverUrl: string, { status, headers }: HttpResponse): string | null {
  const requested = addressOf(serverUrl, '/server');
  if (status < 301 || status > 308 || headers.location === undefined) return null;
  if (!URL.canParse(headers.location, requested)) return null;
  const [from, to] = [new URL(requested), new URL(headers.location, requested)];
  const isUpgrade = from.protocol === 'http:' && to.protocol === 'https:' && from.hostname === to.hostname;
  if (!isUpgrade || to.pathname !== from.pathname) return null;
  return `${to.origin}${to.pathname}`.slice(0, -'/api/v1/server'.length);
}

function notAServer(serverUrl: string, cause?: unknown): ReelmillError {
  const message = `There is no Reelmill server at ${serverUrl}.`;
  return new ReelmillError('not_a_server', message, { cause });
}
