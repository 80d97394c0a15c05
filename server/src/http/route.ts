import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { Role } from '@reelmill/shared/contracts/users.ts';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { RateLimitName } from './rateLimits.ts';

/** Who asks. */
export interface Identity {
  readonly userId: number;
  readonly role: Role;
  /** Of the sessions of the user; see `UserRow.sessionEpoch`. */
  readonly epoch: number;
  /** The session of the token; null for tokens of earlier versions. */
  readonly session: string | null;
}

/** `optional`: a token is honoured, and refused when it is bad, but need not be there. */
export type RouteAuth = 'none' | 'optional' | 'user' | 'admin';
type IdentityFor<A extends RouteAuth> = A extends 'user' | 'admin' ? Identity : Identity | null;

/** What one request brings to its handler, before validation. */
export interface RequestContext {
  readonly request: Request;
  readonly response: Response;
  readonly identity: Identity | null;
  readonly requestId: string;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** A JSON answer has a `schema`; any other one names its `contentType` and is written by the handler itself. */
export type RouteAnswer<T> =
  | {
      status: number;
      description: string;
      schema: z.ZodType<T>;
      alternatives?: { status: number; description: string }[];
    }
  | { status: number; description: string; contentType: string }
  | { status: 204; description: string };

interface RouteFacts {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** Below `/api/v1` unless `root` is set; parameters as in OpenAPI: `/videos/{id}`. */
  readonly path: string;
  /** Answers at the top of the server, where probes and scrapers look. */
  readonly root?: boolean;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  /** Counted by this limit, besides that of the whole API. */
  readonly limit?: Exclude<RateLimitName, 'api'>;
  /** Codes beyond those that follow from `auth` and the schemas. */
  readonly errors?: readonly ErrorCode[];
}

/** A route as the router and the OpenAPI document see it: one declaration for both. */
export interface Route extends RouteFacts {
  readonly auth: RouteAuth;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodType | undefined;
  readonly answer: RouteAnswer<unknown>;
  /** Validates the request and answers what the handler made of it. */
  invoke(exchange: RequestContext): Promise<unknown>;
}

interface RouteDeclaration<
  A extends RouteAuth,
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodType,
  T,
> extends RouteFacts {
  readonly auth: A;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: RouteAnswer<T>;
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

/** Declares a route; the handler gets what its schemas made of the request. Throws ZodError for a bad request. */
export function defineRoute<
  A extends RouteAuth,
  P extends z.ZodObject = typeof nothing,
  Q extends z.ZodObject = typeof nothing,
  B extends z.ZodType = z.ZodVoid,
  T = void,
>(declaration: RouteDeclaration<A, P, Q, B, T>): Route {
  const { params, query, body, handle, ...facts } = declaration;
  return {
    ...facts,
    params: params ?? nothing,
    query: query ?? nothing,
    body,
    async invoke(exchange) {
      return handle({
        ...exchange,
        // the router lets nobody in whom `auth` does not allow
        identity: exchange.identity as IdentityFor<A>,
        params: parse(params, exchange.request.params, 'path') as z.output<P>, // {} where there is no schema
        // as with `params`: {} where there is no schema, else what the schema makes
        query: parse(query, exchange.request.query, 'query') as z.output<Q>,
        body: parse(body, exchange.request.body ?? {}, 'body') as z.output<B>,
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

/** A request that its schemas refuse; `place` is the part of it that they looked at. */
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
