import { ERROR_CODES, type ErrorCode, errorResponseSchema } from '@reelmill/shared/contracts/errors.ts';
import { webhookMessageSchema, webhookMessageTypeSchema } from '@reelmill/shared/contracts/webhooks.ts';
import { z } from 'zod';
import type { Route } from './route.ts';
import { fullPath } from './router.ts';

type Json = Record<string, unknown>;

const ON_EVERY_ROUTE: readonly ErrorCode[] = ['misdirected_request', 'internal', 'unavailable'];
const BELOW_BASE: readonly ErrorCode[] = ['rate_limited'];
const ON_BODY: readonly ErrorCode[] = [
  'malformed_json',
  'unsupported_media_type',
  'too_large',
  'request_timeout',
];
const ON_AUTH: readonly ErrorCode[] = ['unauthorized', 'token_expired', 'account_disabled'];
const HAS_RETRY_AFTER = new Set([429, 503]);

/** Returns the OpenAPI 3.1 document of these routes, from the schemas that validate their requests. */
export function buildOpenApi(routes: readonly Route[], options: { version: string; url: string }): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = fullPath(route);
    paths[path] = { ...paths[path], [route.method]: buildOperation(route, components) };
  }
  components.use(errorResponseSchema, 'output');
  return {
    openapi: '3.1.0',
    info: {
      title: 'Reelmill',
      version: options.version,
      description: `Every error response is an \`ErrorResponse\`; its \`code\` is stable. The codes: ${Object.entries(
        ERROR_CODES,
      )
        .map(([code, { status }]) => `\`${code}\` (${status})`)
        .join(', ')}.`,
    },
    servers: [{ url: options.url }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    webhooks: buildWebhooks(components),
    components: {
      schemas: components.schemas,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

function buildOperation(route: Route, components: Components): Json {
  return {
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    operationId: `${route.method}${fullPath(route).replace(/\W+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    security: route.auth === 'none' ? [] : [{ bearer: [] }, ...(route.auth === 'optional' ? [{}] : [])],
    parameters: [
      ...buildParameters(route.params, 'path', components),
      ...buildParameters(route.query, 'query', components),
    ],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            // without a body the handler receives {}
            required: !route.body.safeParse({}).success,
            content: { 'application/json': { schema: components.use(route.body, 'input') } },
          },
        }),
    // a response that the route declares overrides the error response with the same status
    responses: { ...buildErrorResponses(errorCodesOf(route)), ...buildResponses(route, components) },
  };
}

/** The messages that the server sends to registered endpoints. */
function buildWebhooks(components: Components): Json {
  const content = { 'application/json': { schema: components.use(webhookMessageSchema, 'output') } };
  const post = {
    tags: ['Webhooks'],
    summary: 'Sent to registered endpoints, signed according to the Standard Webhooks specification',
    security: [],
    requestBody: { required: true, content },
    responses: { '2XX': { description: 'Received; any other status is retried' } },
  };
  return Object.fromEntries(webhookMessageTypeSchema.options.map((type) => [type, { post }]));
}

function buildParameters(schema: z.ZodObject, place: 'path' | 'query', components: Components): Json[] {
  // the schema of an object, which Zod types as any JSON Schema
  const { properties = {}, required = [] } = components.use(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  }; // a schema of parameters is an object without an id, so it is not replaced by a reference
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

function buildResponses(route: Route, components: Components): Json {
  const { response } = route;
  if ('contentType' in response) {
    const content = { [response.contentType]: { schema: { type: 'string' } } };
    return { [response.status]: { description: response.description, content } };
  }
  if (!('schema' in response)) return { [response.status]: { description: response.description } };
  const content = { 'application/json': { schema: components.use(response.schema, 'output') } };
  const all = [
    { status: response.status, description: response.description },
    ...(response.alternatives ?? []),
  ];
  return Object.fromEntries(all.map(({ status, description }) => [status, { description, content }]));
}

function errorCodesOf(route: Route): ErrorCode[] {
  const hasInput = [route.params, route.query].some((schema) => Object.keys(schema.shape).length > 0);
  const codes = new Set<ErrorCode>([...ON_EVERY_ROUTE, ...(route.errors ?? [])]);
  if (hasInput || route.body !== undefined) codes.add('validation_failed');
  if (route.body !== undefined) for (const code of ON_BODY) codes.add(code);
  if (!route.root) for (const code of BELOW_BASE) codes.add(code);
  if (route.auth !== 'none') for (const code of ON_AUTH) codes.add(code);
  if (route.auth === 'admin') codes.add('forbidden');
  return [...codes];
}

function buildErrorResponses(codes: readonly ErrorCode[]): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERROR_CODES[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const retryAfter = { 'Retry-After': { description: 'seconds', schema: { type: 'integer' } } };
  return Object.fromEntries(
    [...byStatus].map(([status, these]) => [
      status,
      {
        description: these.join(', '),
        ...(HAS_RETRY_AFTER.has(status) ? { headers: retryAfter } : {}),
        content: { 'application/json': { schema: errorSchema(these) } },
      },
    ]),
  );
}

function errorSchema(codes: readonly ErrorCode[]): Json {
  const code = { enum: codes };
  return {
    allOf: [
      { $ref: '#/components/schemas/ErrorResponse' },
      { type: 'object', properties: { error: { type: 'object', properties: { code } } } },
    ],
  };
}

/** The schemas that have an id, each included once; everything else refers to them. */
class Components {
  readonly schemas: Record<string, Json> = {};

  /** Returns a schema with references to those of its parts that have an id. */
  use(schema: z.ZodType, io: 'input' | 'output'): Json {
    const { $schema: _, $defs = {}, ...jsonSchema } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
    for (const [id, definition] of Object.entries($defs)) this.#add(id, definition);
    return relink(jsonSchema);
  }

  #add(id: string, definition: object): void {
    const schema = relink(definition);
    const known = this.schemas[id];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
      throw new Error(`two different schemas are called ${id}`);
    }
    this.schemas[id] = schema;
  }
}

function relink(schema: object): Json {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
