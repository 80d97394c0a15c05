import { hostname } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { countUsableCpus } from './cpuQuota.ts';
import { findWeakness, isPlaceholder } from './secretStrength.ts';

/** Every fault of the environment, one per line, each with the variable's name. */
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
/** A URL with user and password, such as `amqp://user:password@host`, of one of these schemes. */
const addressWithPassword = (schemes: readonly string[]) =>
  z.string().superRefine((value, { addIssue }) => {
    const address = URL.parse(value);
    if (address === null) return addIssue('is not a URL');
    if (!schemes.includes(address.protocol.slice(0, -1)))
      addIssue(`must begin with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`);
    if (address.hostname === '') addIssue('must have a host name');
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
      '`standalone` runs everything in one server with one data folder; `distributed` uses MySQL, RabbitMQ and S3',
    ),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('minimum level of the messages that are logged'),
  AMQP_URL: addressWithPassword(['amqp', 'amqps'])
    .optional()
    .describe('URL of RabbitMQ, `amqp://user:password@host:5672/vhost` (distributed)'),
  TASK_QUEUE: z
    .string()
    .min(1)
    .default('video_transcoding_queue')
    .describe('name of the task queue, and prefix of the names of the other queues'),
  S3_ENDPOINT: storeUrl.optional().describe('URL of the object store for servers and workers (distributed)'),
  S3_PUBLIC_ENDPOINT: storeUrl
    .optional()
    .describe(
      'URL of the object store for creators and players, used in signed URLs (default: `S3_ENDPOINT`)',
    ),
  S3_ACCESS_KEY: z.string().optional().describe('access key of the object store (distributed)'),
  S3_SECRET_KEY: strongSecret.optional().describe('secret key of the object store (distributed)'),
  S3_BUCKET: z.string().default('reelmill').describe('bucket for sources and renditions'),
  S3_REGION: z.string().default('us-east-1').describe('region of the object store'),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl
    .optional()
    .describe(
      'OTLP/HTTP endpoint of the trace collector, such as `http://collector:4318`; the other `OTEL_EXPORTER_OTLP_…` variables work as OpenTelemetry defines them',
    ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl
    .optional()
    .describe(
      'endpoint for traces only, with its path (default: `/v1/traces` of `OTEL_EXPORTER_OTLP_ENDPOINT`)',
    ),
  OTEL_SERVICE_NAME: z
    .string()
    .optional()
    .describe('service name in traces (default: `reelmill-server`, `reelmill-worker`)'),
  OTEL_SDK_DISABLED: flag.default(false).describe('disables tracing even where an endpoint is set'),
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
    .describe('sampler that decides which traces are kept'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('ratio, from 0 to 1, of the samplers that keep a share of the traces'),
  MIN_SCRATCH_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(256 * 1024 ** 2)
    .describe(
      'free disk space, in bytes, that a worker needs to take tasks, on the disk of its scratch folder (standalone: of the data folder)',
    ),
  CONFINE_MEDIA: z
    .enum(['auto', 'required', 'off'])
    .default('auto')
    .describe(
      'how strictly ffmpeg and ffprobe are confined: `auto` as far as the machine supports it, `required` fully (otherwise the worker takes no tasks), `off` not at all',
    ),
  VERIFY_DECODE_PERCENT: z.coerce
    .number()
    .min(0)
    .max(100)
    .default(2)
    .describe(
      'percentage of segments and pictures, chosen at random, that a worker decodes to verify them before they are published; a retry after a disk or store failure decodes all of them',
    ),
};

const serverSchema = z.object({
  ...common,
  HOST: z.string().default('127.0.0.1').describe('address that the API listens on'),
  PORT: port.default(8080).describe('port that the API listens on; 0 selects a free one'),
  PUBLIC_URL: httpUrl
    .optional()
    .describe(
      'URL of the API as clients reach it, with its path if it has one (default: `http://HOST:PORT`)',
    ),
  ALLOWED_HOSTS: hosts.describe(
    'additional host names that requests may be sent to, separated by commas; those of `PUBLIC_URL`, `HOST` and loopback are always allowed',
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
      'API calls per second that each server accepts from one user, or from one address without a login, averaged over ten seconds; 0: no limit',
    ),
  SIGN_INS_PER_MINUTE: calls
    .default(120)
    .describe('logins and session refreshes per minute from one address; 0: no limit'),
  REGISTRATIONS_PER_HOUR: calls.default(100).describe('registrations per hour from one address; 0: no limit'),
  MAX_CONNECTIONS: calls
    .default(2000)
    .describe('concurrent connections to the API, and to the store of the standalone profile; 0: no limit'),
  MAX_CONNECTIONS_PER_ADDRESS: calls
    .default(500)
    .describe(
      'concurrent connections from one address other than this machine; not counted behind a proxy; 0: no limit',
    ),
  EVENT_STREAMS: calls
    .default(1000)
    .describe('event streams that each server keeps open in total; 0: no limit'),
  EVENT_STREAMS_PER_ADDRESS: calls
    .default(100)
    .describe('event streams that each server keeps open per address; 0: no limit'),
  EVENT_STREAMS_PER_USER: calls
    .default(20)
    .describe('event streams that each server keeps open per user; 0: no limit'),
  REELMILL_DATA: z
    .string()
    .default('./data')
    .describe('data folder of the standalone profile: database, objects, secrets'),
  DATABASE_URL: addressWithPassword(['mysql', 'mariadb'])
    .refine((value) => (URL.parse(value)?.pathname ?? '').length > 1, 'must name a database')
    .optional()
    .describe(
      'URL of MySQL or MariaDB, `mysql://user:password@host:3306/name`, with `?ssl=true` for TLS (distributed)',
    ),
  JWT_SECRET: strongSecret
    .min(32)
    .optional()
    .describe(
      'secret that signs access tokens and playback URLs, at least 32 characters (the standalone profile generates one)',
    ),
  METRICS_TOKEN: strongSecret
    .optional()
    .describe(
      'bearer token that Prometheus must send to read `/metrics` (default: only this machine may read it)',
    ),
  S3_UPLOAD_ACCESS_KEY: z
    .string()
    .optional()
    .describe(
      'access key of the user that signs upload URLs; may put objects under `raw/` and nothing else (distributed)',
    ),
  S3_UPLOAD_SECRET_KEY: strongSecret.optional().describe('secret key of that user (distributed)'),
  S3_PLAYBACK_ACCESS_KEY: z
    .string()
    .optional()
    .describe(
      'access key of the user that signs playback URLs; may get objects under `processed/` and nothing else (distributed)',
    ),
  S3_PLAYBACK_SECRET_KEY: strongSecret.optional().describe('secret key of that user (distributed)'),
  REGISTRATION: z
    .enum(['open', 'closed'])
    .default('open')
    .describe('whether anyone may register: `open` or `closed`'),
  ADMIN_EMAIL: z
    .string()
    .optional()
    .describe('e-mail address of the first admin, created at start if there is none'),
  ADMIN_PASSWORD: z
    .string()
    .refine((value) => !isPlaceholder(value), 'is a placeholder')
    .optional()
    .describe('password of the first admin'),
  MAX_UPLOAD_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(512 * 1024 ** 3)
    .describe('maximum size of an uploaded file, in bytes'),
  MIN_FREE_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(1024 ** 3)
    .describe(
      'free disk space, in bytes, that uploads must leave on the disk of the standalone store; others are rejected',
    ),
  SINGLE_UPLOADS_PER_USER: z.coerce
    .number()
    .int()
    .min(1)
    .default(16)
    .describe('open uploads of unknown size (a single PUT) per user; another one aborts the oldest'),
  UNFINISHED_UPLOADS_PER_HOUR: calls
    .default(300)
    .describe(
      'uploads that a user may start within an hour without finishing them, or whose videos are deleted again; 0: no limit',
    ),
  QUOTA_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe(
      "total size of the sources of a user's videos, in bytes, unless an admin sets another limit for the user (default: no limit)",
    ),
  QUOTA_VIDEOS: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe('videos per user, unless an admin sets another limit for the user (default: no limit)'),
  QUOTA_RUNNING_TASKS: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe(
      "tasks of a user's videos that may be queued or running at a time, even while nobody else waits (default: no limit; waiting users share the workers equally)",
    ),
  QUOTA_QUEUED_MINUTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(1440)
    .describe("minutes of a user's videos that may be planned and unfinished at a time; further videos wait"),
  QUOTA_DAILY_MINUTES: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe(
      "minutes of a user's videos that are transcoded within 24 hours; further videos wait, and new uploads are rejected (default: no limit)",
    ),
  UPLOAD_TTL_HOURS: z.coerce
    .number()
    .positive()
    .default(168)
    .describe('hours after which an unfinished upload expires, counted from its last request for part URLs'),
  RETAIN_SOURCES_DAYS: z.coerce
    .number()
    .positive()
    .optional()
    .describe('days for which a source is kept after its video went online (default: forever)'),
  RETAIN_ORPHANS_DAYS: z.coerce
    .number()
    .min(1)
    .optional()
    .describe(
      'days for which orphaned objects, whose video the database does not know, are kept (default: until an admin removes them)',
    ),
  RETENTION_MAX_ITEMS: z.coerce
    .number()
    .int()
    .min(0)
    .default(50)
    .describe(
      'a retention job that would remove more items than this, and more than `RETENTION_MAX_PERCENT` of their kind, waits for an admin',
    ),
  RETENTION_MAX_PERCENT: z.coerce
    .number()
    .min(0)
    .max(100)
    .default(10)
    .describe(
      'percentage of the items of a kind that one run of a retention job may remove without an admin',
    ),
  URL_TTL_SECONDS: z.coerce
    .number()
    .int()
    .min(5)
    .max(604_800)
    .default(3600)
    .describe('seconds for which a signed upload URL is valid'),
  PLAYBACK_TTL_SECONDS: z.coerce
    .number()
    .int()
    .min(60)
    .max(604_800)
    .default(21_600)
    .describe('seconds for which a signed playback URL is valid'),
  LEGACY_UNLISTED_DAYS: z.coerce
    .number()
    .min(0)
    .max(3650)
    .default(30)
    .describe(
      'days after the upgrade to links with tokens for which videos that were unlisted before can still be opened by their number alone; 0: not at all',
    ),
  TASK_ATTEMPTS: z.coerce
    .number()
    .int()
    .min(1)
    .default(4)
    .describe(
      'attempts for a task with a transient failure; faults of the store, a disk, the broker or a worker do not count',
    ),
  LEASE_SECONDS: z.coerce
    .number()
    .min(5)
    .default(30)
    .describe('seconds without a report after which a running task goes to another worker'),
  CHUNK_SECONDS: z.coerce
    .number()
    .min(4)
    .default(60)
    .describe('approximate length of the video that one encode task covers, in seconds'),
  WEBHOOK_ALLOW_HTTP: flag.default(false).describe('whether webhooks may be sent without TLS'),
  WEBHOOK_ALLOW_PRIVATE: flag
    .default(false)
    .describe('whether webhooks may be sent to loopback, private and link-local addresses'),
  WEBHOOK_TIMEOUT_SECONDS: z.coerce
    .number()
    .min(1)
    .max(30)
    .default(15)
    .describe('seconds that the receiver of a webhook may take to respond'),
  EMBEDDED_WORKER: flag
    .default(true)
    .describe('whether the standalone server runs a worker as a child process'),
});

const workerSchema = z.object({
  ...common,
  WORKER_ID: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('name of this worker (default: host name and a random suffix)'),
  WORK_DIR: z.string().default('/tmp/reelmill-worker').describe('scratch folder, emptied after every task'),
  WORKER_THREADS: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('threads for ffmpeg (default: the usable CPUs, or the CPU quota)'),
  DRAIN_SECONDS: z.coerce
    .number()
    .min(0)
    .default(20)
    .describe('seconds that a stopping worker may take to finish its task'),
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
        .map((name) => `${name}: required by the distributed profile`),
    );
  }
  if (!result.success || faults.length > 0) {
    throw new ConfigError(
      `The configuration has ${faults.length} fault(s):\n${faults.map((f) => `  ${f}`).join('\n')}`,
    );
  }
  return result.data;
}

/** Returns each variable with its default and description, for the table of docs/configuration.md. */
export function listConfigVariables(): { name: string; default: string; description: string }[] {
  const shape = { ...serverSchema.shape, ...workerSchema.shape };
  return Object.entries(shape).map(([name, field]) => ({
    name,
    default: field instanceof z.ZodDefault ? String(field.def.defaultValue) : '',
    description: field.description ?? '',
  }));
}

const PROGRAM_VARIABLES = ['PATH', 'LD_LIBRARY_PATH', 'TMPDIR', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];

/** Returns the environment of a program that we start: how to find things, and none of our secrets. */
export function programEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return {
    LC_ALL: 'C',
    ...Object.fromEntries(PROGRAM_VARIABLES.flatMap((name) => (name in env ? [[name, env[name]]] : []))),
  };
}

/** Returns the environment of the embedded worker: that of a program, and how it reaches a collector of traces. */
export function childWorkerEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const further = Object.entries(env).filter(
    ([name]) => name.startsWith('OTEL_') || name === 'NODE_EXTRA_CA_CERTS',
  );
  return { ...programEnvironment(env), ...Object.fromEntries(further) };
}
