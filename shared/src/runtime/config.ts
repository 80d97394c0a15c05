import { hostname } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { countUsableCpus } from './cpuQuota.ts';
import { findWeakness, isPlaceholder } from './secretStrength.ts';

/** All faults of the environment at once, one per line, each with the variable's name. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const port = z.coerce.number().int().min(0).max(65535);
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const calls = z.coerce.number().int().min(0);
const httpUrl = z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/+$/, ''));
const strongSecret = z.string().superRefine((value, { addIssue }) => {
  const weakness = findWeakness(value);
  if (weakness !== null) addIssue(weakness);
});
/** An address with user and password, such as `amqp://user:password@host`, of one of these schemes. */
const addressWithPassword = (schemes: readonly string[]) =>
  z.string().superRefine((value, { addIssue }) => {
    const address = URL.parse(value);
    if (address === null) return addIssue('is not an address');
    if (!schemes.includes(address.protocol.slice(0, -1)))
      addIssue(`must begin with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`);
    if (address.hostname === '') addIssue('has no host name');
    const weakness = address.password === '' ? 'is missing' : findWeakness(address.password);
    if (weakness !== null) addIssue(`its password ${weakness}`);
  });
/** A store signs host and path: one behind a path would refuse every signature. */
const storeUrl = httpUrl.refine((value) => URL.parse(value)?.pathname === '/', 'must not have a path');

/** Exactly as browsers write them: scheme, host and port, nothing else. */
const origins = z
  .string()
  .optional()
  .transform((list) => (list ?? '').split(',').flatMap((origin) => origin.trim() || []))
  .refine(
    (list) => list.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
    'must be origins like https://example.org, separated by commas',
  );

/** Names or addresses, without scheme and port. */
const hosts = z
  .string()
  .optional()
  .transform((list) => (list ?? '').split(',').flatMap((host) => host.trim().toLowerCase() || []))
  .refine(
    (list) => list.every((host) => /^(?:[a-z0-9_.-]+|\[?[0-9a-f:.]+\]?)$/.test(host)),
    'must be host names like videos.example.org, without a port, separated by commas',
  );

const common = {
  REELMILL_PROFILE: z
    .enum(['standalone', 'distributed'])
    .default('standalone')
    .describe(
      '`standalone` keeps everything in one server and one folder; `distributed` uses MySQL, RabbitMQ and S3',
    ),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('least severe level that is logged'),
  AMQP_URL: addressWithPassword(['amqp', 'amqps'])
    .optional()
    .describe('RabbitMQ, `amqp://user:password@host:5672/vhost` (distributed)'),
  TASK_QUEUE: z
    .string()
    .min(1)
    .default('video_transcoding_queue')
    .describe('name of the task queue; the names of the other queues start with it'),
  S3_ENDPOINT: storeUrl.optional().describe('object store as server and workers reach it (distributed)'),
  S3_PUBLIC_ENDPOINT: storeUrl
    .optional()
    .describe('object store as creators and players reach it; signed URLs name it (default: `S3_ENDPOINT`)'),
  S3_ACCESS_KEY: z.string().optional().describe('access key of the store (distributed)'),
  S3_SECRET_KEY: strongSecret.optional().describe('secret key of the store (distributed)'),
  S3_BUCKET: z.string().default('reelmill').describe('bucket for sources and renditions'),
  S3_REGION: z.string().default('us-east-1').describe("the store's region"),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl
    .optional()
    .describe(
      'collector that takes traces by OTLP over HTTP, such as `http://collector:4318`; further `OTEL_EXPORTER_OTLP_…` variables as OpenTelemetry defines them',
    ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl
    .optional()
    .describe('the same for traces alone, with its path (default: `/v1/traces` of the other)'),
  OTEL_SERVICE_NAME: z
    .string()
    .optional()
    .describe('name of the process in traces (default: `reelmill-server`, `reelmill-worker`)'),
  OTEL_SDK_DISABLED: flag.default(false).describe('no traces in spite of an endpoint'),
  OTEL_TRACES_SAMPLER: z
    .enum([
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ])
    .default('parentbased_always_on')
    .describe('which traces are kept'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('the share that a sampler by ratio keeps'),
  MIN_SCRATCH_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(256 * 1024 ** 2)
    .describe(
      'a worker takes no tasks while less is free on the disk of its scratch folder (standalone: of the data folder)',
    ),
  CONFINE_MEDIA: z
    .enum(['auto', 'required', 'off'])
    .default('auto')
    .describe(
      'whether ffmpeg and ffprobe run confined: `auto` as far as the machine allows, `required` or else the worker takes no tasks, `off`',
    ),
  VERIFY_DECODE_PERCENT: z.coerce
    .number()
    .min(0)
    .max(100)
    .default(2)
    .describe(
      'how many in a hundred of the segments and pictures that a worker makes it decodes before they are published, chosen by chance; all are, whatever this says, in a try after a failure of a disk or store',
    ),
};

const serverSchema = z.object({
  ...common,
  HOST: z.string().default('127.0.0.1').describe('address that the API listens on'),
  PORT: port.default(8080).describe('port that the API listens on; 0 takes a free one'),
  PUBLIC_URL: httpUrl
    .optional()
    .describe(
      'address of the API as clients reach it, with a path where it has one (default: `http://HOST:PORT`)',
    ),
  ALLOWED_HOSTS: hosts.describe(
    'further host names that requests may be sent to, separated by commas, beside those of `PUBLIC_URL` and `HOST` and of loopback',
  ),
  TRUST_PROXY: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('number of reverse proxies in front of the API'),
  CORS_ORIGINS: origins.describe(
    'origins whose pages may call the API and play videos, separated by commas (default: none)',
  ),
  API_CALLS_PER_SECOND: calls
    .default(200)
    .describe(
      'calls of one user, or of one address without a login, that each server takes, on average over ten seconds; 0: any number',
    ),
  SIGN_INS_PER_MINUTE: calls
    .default(120)
    .describe('logins and continued sessions from one address; 0: any number'),
  REGISTRATIONS_PER_HOUR: calls.default(100).describe('registrations from one address; 0: any number'),
  MAX_CONNECTIONS: calls
    .default(2000)
    .describe('connections to the API, and to the store of the standalone profile, at a time; 0: any number'),
  MAX_CONNECTIONS_PER_ADDRESS: calls
    .default(500)
    .describe('the same for one address other than this machine; not counted behind a proxy; 0: any number'),
  EVENT_STREAMS: calls
    .default(1000)
    .describe('event streams that each server keeps open in all; 0: any number'),
  EVENT_STREAMS_PER_ADDRESS: calls
    .default(100)
    .describe('event streams that each server keeps open for one address; 0: any number'),
  EVENT_STREAMS_PER_USER: calls
    .default(20)
    .describe('event streams that each server keeps open for one user; 0: any number'),
  REELMILL_DATA: z
    .string()
    .default('./data')
    .describe('folder of the standalone profile: database, objects, secrets'),
  DATABASE_URL: addressWithPassword(['mysql', 'mariadb'])
    .refine((value) => (URL.parse(value)?.pathname ?? '').length > 1, 'names no database')
    .optional()
    .describe(
      'MySQL or MariaDB, `mysql://user:password@host:3306/name`, with `?ssl=true` over TLS (distributed)',
    ),
  JWT_SECRET: strongSecret
    .min(32)
    .optional()
    .describe('signs access tokens and playback URLs, at least 32 characters (standalone makes its own)'),
  METRICS_TOKEN: strongSecret
    .optional()
    .describe(
      'what Prometheus must send as its bearer token to read `/metrics` (default: this machine only)',
    ),
  S3_UPLOAD_ACCESS_KEY: z
    .string()
    .optional()
    .describe(
      'access key of the user whose signature upload URLs carry; may put objects under `raw/` and nothing else (distributed)',
    ),
  S3_UPLOAD_SECRET_KEY: strongSecret.optional().describe('its secret key (distributed)'),
  S3_PLAYBACK_ACCESS_KEY: z
    .string()
    .optional()
    .describe(
      'access key of the user whose signature playback URLs carry; may get objects under `processed/` and nothing else (distributed)',
    ),
  S3_PLAYBACK_SECRET_KEY: strongSecret.optional().describe('its secret key (distributed)'),
  REGISTRATION: z.enum(['open', 'closed']).default('open').describe('whether anybody may register'),
  ADMIN_EMAIL: z.string().optional().describe('the first admin, made at start if there is none'),
  ADMIN_PASSWORD: z
    .string()
    .refine((value) => !isPlaceholder(value), 'is a placeholder')
    .optional()
    .describe("the first admin's password"),
  MAX_UPLOAD_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(512 * 1024 ** 3)
    .describe('largest file that is accepted'),
  MIN_FREE_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(1024 ** 3)
    .describe('uploads are refused where they would leave less free on the disk of the standalone store'),
  SINGLE_UPLOADS_PER_USER: z.coerce
    .number()
    .int()
    .min(1)
    .default(16)
    .describe(
      'how many uploads of unknown size (a single PUT) a user may have open; another one ends the oldest',
    ),
  UNFINISHED_UPLOADS_PER_HOUR: calls
    .default(300)
    .describe(
      'how many uploads a user may begin within an hour that are not finished, or whose videos are deleted again; 0: any number',
    ),
  QUOTA_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe(
      "how much the sources of a user's videos may take, unless an admin says otherwise (default: no limit)",
    ),
  QUOTA_VIDEOS: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe('how many videos a user may have, unless an admin says otherwise (default: no limit)'),
  QUOTA_RUNNING_TASKS: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe(
      "tasks of a user's videos that may be queued or running at a time, even while nobody else waits (default: no limit; users who wait together share the workers equally)",
    ),
  QUOTA_QUEUED_MINUTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(1440)
    .describe(
      "minutes of a user's videos that may be planned and unfinished at a time; further videos wait their turn",
    ),
  QUOTA_DAILY_MINUTES: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe(
      "minutes of a user's videos that are converted within 24 hours; further videos wait, and new uploads are refused (default: no limit)",
    ),
  UPLOAD_TTL_HOURS: z.coerce
    .number()
    .positive()
    .default(168)
    .describe('an unfinished upload is given up so long after its last parts were asked for'),
  RETAIN_SOURCES_DAYS: z.coerce
    .number()
    .positive()
    .optional()
    .describe('sources are removed so long after their video went online (default: never)'),
  RETAIN_ORPHANS_DAYS: z.coerce
    .number()
    .min(1)
    .optional()
    .describe(
      'objects of videos that the database does not know are removed when they are so old (default: never by itself)',
    ),
  RETENTION_MAX_ITEMS: z.coerce
    .number()
    .int()
    .min(0)
    .default(50)
    .describe(
      'a clean-up job that would remove more than so many things, and more than `RETENTION_MAX_PERCENT` of their kind, waits for an admin',
    ),
  RETENTION_MAX_PERCENT: z.coerce
    .number()
    .min(0)
    .max(100)
    .default(10)
    .describe('the share that one run of a clean-up job may remove without an admin'),
  URL_TTL_SECONDS: z.coerce
    .number()
    .int()
    .min(5)
    .max(604_800)
    .default(3600)
    .describe('how long a signed upload URL is valid'),
  PLAYBACK_TTL_SECONDS: z.coerce
    .number()
    .int()
    .min(60)
    .max(604_800)
    .default(21_600)
    .describe('how long a signed playback URL is valid'),
  LEGACY_UNLISTED_DAYS: z.coerce
    .number()
    .min(0)
    .max(3650)
    .default(30)
    .describe(
      'how long after the upgrade that gave links of unlisted videos a token the number alone still shows those that were unlisted before; 0: not at all',
    ),
  TASK_ATTEMPTS: z.coerce
    .number()
    .int()
    .min(1)
    .default(4)
    .describe(
      'how often a task that fails by chance is tried; faults of store, disk, broker or a worker do not count',
    ),
  LEASE_SECONDS: z.coerce
    .number()
    .min(5)
    .default(30)
    .describe('a running task that is silent for so long goes to another worker'),
  CHUNK_SECONDS: z.coerce.number().min(4).default(60).describe('about how much video one encode task covers'),
  WEBHOOK_ALLOW_HTTP: flag.default(false).describe('whether webhooks may be sent to addresses without TLS'),
  WEBHOOK_ALLOW_PRIVATE: flag
    .default(false)
    .describe('whether webhooks may be sent to loopback, private and link-local addresses'),
  WEBHOOK_TIMEOUT_SECONDS: z.coerce
    .number()
    .min(1)
    .max(30)
    .default(15)
    .describe('how long the receiver of a webhook may take to answer'),
  EMBEDDED_WORKER: flag
    .default(true)
    .describe('whether the standalone server runs a worker, as a child process'),
});

const workerSchema = z.object({
  ...common,
  WORKER_ID: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe("this worker's name (default: host name and a random part)"),
  WORK_DIR: z.string().default('/tmp/reelmill-worker').describe('scratch folder; emptied after every task'),
  WORKER_THREADS: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('threads for ffmpeg (default: the CPUs it may use, or its CPU quota)'),
  DRAIN_SECONDS: z.coerce
    .number()
    .min(0)
    .default(20)
    .describe('how long a stopping worker may finish its task'),
});

export type ServerConfig = Readonly<z.infer<typeof serverSchema> & { dataDir: string }>;
export type WorkerConfig = Readonly<z.infer<typeof workerSchema> & { workerId: string; threads: number }>;

const REQUIRED_IN_DISTRIBUTED = ['AMQP_URL', 'S3_ENDPOINT', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'] as const;
const REQUIRED_IN_DISTRIBUTED_SERVER = [
  ...REQUIRED_IN_DISTRIBUTED,
  'S3_UPLOAD_ACCESS_KEY',
  'S3_UPLOAD_SECRET_KEY',
  'S3_PLAYBACK_ACCESS_KEY',
  'S3_PLAYBACK_SECRET_KEY',
  'DATABASE_URL',
  'JWT_SECRET',
] as const;

/** Reads and checks the server's environment once. Throws ConfigError with every fault. */
export function readServerConfig(env: NodeJS.ProcessEnv): ServerConfig {
  const config = parse(serverSchema, env, REQUIRED_IN_DISTRIBUTED_SERVER);
  return Object.freeze({ ...config, dataDir: path.resolve(config.REELMILL_DATA) });
}

/** Reads and checks the worker's environment once. Throws ConfigError with every fault. */
export function readWorkerConfig(env: NodeJS.ProcessEnv): WorkerConfig {
  const config = parse(workerSchema, env, REQUIRED_IN_DISTRIBUTED);
  const unique = Math.random().toString(36).slice(2, 8);
  return Object.freeze({
    ...config,
    workerId: config.WORKER_ID ?? `${hostname()}-${unique}`,
    threads: config.WORKER_THREADS ?? countUsableCpus(),
  });
}

function parse<T extends { REELMILL_PROFILE: string }>(
  schema: z.ZodType<T>,
  env: NodeJS.ProcessEnv,
  required: readonly string[],
): T {
  // an empty variable is an absent one: compose files and shells produce both
  const present = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(present);
  const faults = result.success
    ? []
    : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  if (present.REELMILL_PROFILE === 'distributed') {
    faults.push(
      ...required
        .filter((name) => !(name in present))
        .map((name) => `${name}: needed by the distributed profile`),
    );
  }
  if (!result.success || faults.length > 0) {
    throw new ConfigError(
      `The configuration has ${faults.length} fault(s):\n${faults.map((f) => `  ${f}`).join('\n')}`,
    );
  }
  return result.data;
}

/** Each variable with its default and meaning, for the table of docs/configuration.md. */
export function listConfigVariables(): { name: string; default: string; description: string }[] {
  const shape = { ...serverSchema.shape, ...workerSchema.shape };
  return Object.entries(shape).map(([name, field]) => ({
    name,
    default: field instanceof z.ZodDefault ? String(field.def.defaultValue) : '',
    description: field.description ?? '',
  }));
}

const PROGRAM_VARIABLES = ['PATH', 'LD_LIBRARY_PATH', 'TMPDIR', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];

/** What a program that we start may see of our environment: how to find things, and none of our secrets. */
export function programEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return {
    LC_ALL: 'C',
    ...Object.fromEntries(PROGRAM_VARIABLES.flatMap((name) => (name in env ? [[name, env[name]]] : []))),
  };
}

/** What the worker that a server runs as a child may see besides: how it reaches a collector of traces. */
export function childWorkerEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const further = Object.entries(env).filter(
    ([name]) => name.startsWith('OTEL_') || name === 'NODE_EXTRA_CA_CERTS',
  );
  return { ...programEnvironment(env), ...Object.fromEntries(further) };
}
