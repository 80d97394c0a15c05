import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { Role } from '@reelmill/shared/contracts/users.ts';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { RateLimitName } from './rateLimits.ts';

/** The user of a request. */
export interface Identity {
  readonly userId: number;
  readonly role: Role;
  /** Epoch of the user's sessions; see `UserRow.sessionEpoch`. */
  readonly epoch: number;
  /** The session of the token; null for tokens of earlier versions. */
  readonly session: string | null;
}

/** `optional`: a token is verified, and an invalid one is rejected, but it may be missing. */
export type RouteAuth = 'none' | 'optional' | 'user' | 'admin';
type IdentityFor<A extends RouteAuth> = A extends 'user' | 'admin' ? Identity : Identity | null;

/** What a handler receives of a request, before validation. */
export interface RequestContext {
  readonly request: Request;
  readonly response: Response;
  readonly identity: Identity | null;
  readonly requestId: string;
  /** Aborted when the client has disconnected. */
  readonly signal: AbortSignal;
}

/** A JSON response has a `schema`; any other one has a `contentType`, and the handler writes it itself. */
export type RouteResponse<T> =
  | {
      status: number;
      description: string;
      schema: z.ZodType<T>;
      alternatives?: { status: number; description: string }[];
    }
  | { status: number; description: string; contentType: string }
  | { status: 204; description: string };

interface RouteMetadata {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** Below `/api/v1` unless `root` is set; parameters as in OpenAPI: `/videos/{id}`. */
  readonly path: string;
  /** At the root of the server, for probes and scrapers. */
  readonly root?: boolean;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  /** A further rate limit besides that of the whole API. */
  readonly limit?: Exclude<RateLimitName, 'api'>;
  /** Codes beyond those that follow from `auth` and the schemas. */
  readonly errors?: readonly ErrorCode[];
}

/** A route as the router and the OpenAPI document see it: one declaration for both. */
export interface Route extends RouteMetadata {
  readonly auth: RouteAuth;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodType | undefined;
  readonly response: RouteResponse<unknown>;
  /** Validates the request and returns the result of the handler. Throws RequestValidationError. */
  invoke(context: RequestContext): Promise<unknown>;
}

interface RouteDeclaration<
  A extends RouteAuth,
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodType,
  T,
> extends RouteMetadata {
  readonly auth: A;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly response: RouteResponse<T>;
  handle(
    input: Omit<RequestContext, 'identity'> & {
      identity: IdentityFor<A>;
      params: z.output<P>;
      query: z.output<Q>;
      body: z.output<B>;
    },
  ): Promise<T>;
}

const nothing = z.object({});

/** Declares a route; its handler receives the validated request. */
export function defineRoute<
  A extends RouteAuth,
  P extends z.ZodObject = typeof nothing,
  Q extends z.ZodObject = typeof nothing,
  B extends z.ZodType = z.ZodVoid,
  T = void,
>(declaration: RouteDeclaration<A, P, Q, B, T>): Route {
  const { params, query, body, handle, ...metadata } = declaration;
  return {
    ...metadata,
    params: params ?? nothing,
    query: query ?? nothing,
    body,
    async invoke(context) {
      return handle({
        ...context,
        // the router has checked `auth`
        identity: context.identity as IdentityFor<A>,
        params: parse(params, context.request.params, 'path') as z.output<P>, // {} where there is no schema
        // as with `params`: {} where there is no schema, else what the schema makes
        query: parse(query, context.request.query, 'query') as z.output<Q>,
        body: parse(body, context.request.body ?? {}, 'body') as z.output<B>,
      });
    },
  };
}

function parse(schema: z.ZodType | undefined, value: unknown, place: string): unknown {
  if (schema === undefined) return {};
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new RequestValidationError(place, result.error);
}

/** A request that does not match its schemas; `place` is the part of it: path, query or body. */
export class RequestValidationError extends Error {
  override readonly name = 'RequestValidationError';
  readonly place: string;
  readonly issues: readonly z.core.$ZodIssue[];

  constructor(place: string, error: z.ZodError) {
    super('The request is not valid.', { cause: error });
    this.place = place;
    this.issues = error.issues;
  }
}
