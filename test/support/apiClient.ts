import assert from 'node:assert/strict';
import { errorResponseSchema } from '@reelmill/shared/contracts/errors.ts';
import { sessionSchema } from '@reelmill/shared/contracts/users.ts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { z } from 'zod';
import { quickSignUpOf } from './quickSignUp.ts';

const JSON_TYPE = 'application/json';

interface Operation {
  responses: Record<string, { content?: Record<string, unknown> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
}

export interface CallOptions {
  token?: string | undefined;
  /** Sent as JSON; a string is sent as it is. */
  body?: unknown;
  headers?: Record<string, string>;
  /** The address is meant not to exist, so the document does not cover its response. */
  undocumented?: boolean;
  timeoutMs?: number;
}

/** A response that the served OpenAPI document allows. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, which must match the schema. */
  as<S extends z.ZodType>(schema: S): z.output<S>;
  /** The body of a failure; fails where the response is none. */
  readonly error: { code: string; message: string; details?: unknown; request_id: string };
}

/** Calls the API and validates every response against the OpenAPI document that this very server serves. */
export class DocumentedApi {
  readonly url: string;
  /** Operations that were called, as `get /api/v1/videos/{id}`. */
  readonly called = new Set<string>();
  readonly #document: Document;
  readonly #ajv: Ajv2020;

  private constructor(url: string, document: Document) {
    this.url = url;
    this.#document = document;
    // the patterns that come with every format decide what is allowed
    this.#ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
    this.#ajv.addSchema(document, 'openapi');
  }

  static async of(url: string): Promise<DocumentedApi> {
    const response = await fetch(`${url}/api/v1/openapi.json`);
    assert.equal(response.status, 200);
    return new DocumentedApi(url, (await response.json()) as Document); // ajv and the lookups check its shape
  }

  /** Every operation of the document. */
  get operations(): string[] {
    return Object.entries(this.#document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
  }

  /** `path` is below `/api/v1`, or begins with `//` for one at the top of the server. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<ApiResponse> {
    const pathname = path.startsWith('//') ? path.slice(1) : `/api/v1${path}`;
    const { body, token } = options;
    const response = await fetch(`${this.url}${pathname}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': JSON_TYPE }),
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...options.headers,
      },
      signal: AbortSignal.timeout(options.timeoutMs ?? 60_000),
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!options.undocumented) this.#check(method, pathname, response, text);
    return toApiResponse(response, text);
  }

  #check(method: string, pathname: string, response: Response, text: string): void {
    const name = `${method} ${pathname}`;
    const [path, operation] = this.#find(method.toLowerCase(), pathname.split('?')[0] ?? '');
    this.called.add(`${method.toLowerCase()} ${path}`);
    const documented = operation.responses[String(response.status)];
    assert.ok(documented, `${name} responded with ${response.status}, which is not documented: ${text}`);
    if (documented.content === undefined) {
      assert.equal(text, '', `${name} has no body`);
      return;
    }
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    assert.ok(type in documented.content, `${name} responded with ${type}, which is not documented`);
    if (type !== JSON_TYPE) return;
    const escapePointer = (key: string): string =>
      encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
    const pointer = [
      'paths',
      path,
      method.toLowerCase(),
      'responses',
      String(response.status),
      'content',
      type,
      'schema',
    ];
    const validate = this.#ajv.getSchema(`openapi#/${pointer.map(escapePointer).join('/')}`);
    assert.ok(validate, `the schema of ${name} cannot be found`);
    const valid = validate(JSON.parse(text));
    assert.ok(valid, `${name}: ${this.#ajv.errorsText(validate.errors)} in ${text}`);
  }

  #find(method: string, pathname: string): [string, Operation] {
    const fits = Object.keys(this.#document.paths)
      .filter((path) =>
        new RegExp(`^${path.replace(/\./g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
      )
      // a name written out goes before a parameter
      .sort((a, b) => a.split('{').length - b.split('{').length);
    for (const path of fits) {
      const operation = this.#document.paths[path]?.[method];
      if (operation !== undefined) return [path, operation];
    }
    return assert.fail(`${method} ${pathname} is not in the document`);
  }

  /** Registers and logs in. */
  async signUp(name: string): Promise<ApiUser> {
    const credentials = { email: `${name}@example.org`, password: `password of ${name}` };
    const add = quickSignUpOf(this.url) ?? (() => this.#register(name, credentials));
    await add(name);
    return this.logIn(credentials);
  }

  async #register(nickname: string, credentials: { email: string; password: string }): Promise<void> {
    const registered = await this.call('POST', '/users/register', { body: { nickname, ...credentials } });
    assert.equal(registered.status, 201, registered.text);
  }

  async logIn(credentials: { email: string; password: string }): Promise<ApiUser> {
    const response = await this.call('POST', '/users/login', { body: credentials });
    assert.equal(response.status, 200, response.text);
    const session = response.as(sessionSchema);
    return {
      ...credentials,
      userId: session.user.user_id,
      token: session.token,
      refreshToken: session.refresh_token,
      call: (method, path, options = {}) => this.call(method, path, { token: session.token, ...options }),
    };
  }
}

/** A user who is logged in. */
export interface ApiUser {
  readonly userId: number;
  readonly email: string;
  readonly password: string;
  readonly token: string;
  readonly refreshToken: string;
  call(method: string, path: string, options?: CallOptions): Promise<ApiResponse>;
}

function toApiResponse(response: Response, text: string): ApiResponse {
  return {
    status: response.status,
    headers: response.headers,
    text,
    as: (schema) => schema.parse(JSON.parse(text)),
    get error() {
      return errorResponseSchema.parse(JSON.parse(text)).error;
    },
  };
}
