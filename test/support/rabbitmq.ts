import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import type { ServerCertificate } from './privateCa.ts';
import { findFreePort, makeTemporaryFolder, type RunningProcess, startProcess } from './processes.ts';

/** The start script itself: Debian's wrapper in /usr/sbin would change user and folders. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** What RabbitMQ needs to be installed; `npm test` sees to it. */
export const RABBITMQ_PROGRAMS = [SERVER, 'epmd'];

export interface RabbitMqOptions {
  /** After how long an unacknowledged message closes its channel. */
  consumerTimeoutMs?: number;
  /** How often the broker looks for channels that are late. */
  channelTickMs?: number;
  /** Listens with TLS only, as `localhost`. */
  tls?: ServerCertificate;
  /** Brings the management API, whose counts are a second old at most. */
  management?: boolean;
  /** Users and their rights, as RabbitMQ exports them; without, one user who may do everything. */
  definitions?: BrokerDefinitions;
}

export interface BrokerDefinitions {
  vhosts: { name: string }[];
  users: { name: string; password: string; tags: string[] }[];
  permissions: { user: string; vhost: string; configure: string; write: string; read: string }[];
}

/** A private RabbitMQ whose messages survive `stop` and `start`. */
export interface RabbitMq {
  /** The broker's process. */
  readonly pid: number;
  /** `amqp://...` for the first user, the same after a restart. */
  readonly url: string;
  /** `http://user:password@host:port` of the management API; null where it was not asked for. */
  readonly managementUrl: string | null;
  /** `amqp://...` for one of the users. */
  urlFor(user: string): string;
  /** Starts the broker again after `stop` or `kill`, on the same port and data. */
  start(): Promise<void>;
  /** An orderly stop; connections are closed by the broker. */
  stop(): Promise<void>;
  /** A crash. */
  kill(): Promise<void>;
  /** Ends everything and removes the data. */
  dispose(): Promise<void>;
  lastLines(): string;
}

/** Starts a RabbitMQ of its own: own node name, cookie, data, ports and port mapper, all on 127.0.0.1. */
export async function startRabbitMq(options: RabbitMqOptions = {}): Promise<RabbitMq> {
  if (!existsSync(SERVER)) throw new Error(`there is no RabbitMQ here (${SERVER}); npm test installs it`);
  const folder = await makeTemporaryFolder('rabbitmq');
  const [port, mapperPort, distributionPort, managementPort] = [
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
  ];
  const ports = { port, mapperPort, distributionPort, managementPort };
  const definitions = options.definitions ?? oneUser();
  const env = await prepareFolder(folder.path, ports, options, definitions);
  let mapper: RunningProcess | undefined;
  let server: RunningProcess | undefined;

  const start = async (): Promise<void> => {
    if (mapper === undefined || mapper.exit !== null) {
      mapper = startProcess('epmd', ['-port', String(mapperPort), '-address', '127.0.0.1'], { env });
      await mapper.waitUntil('the port mapper listens', () => accepts(mapperPort));
    }
    server = startProcess(SERVER, [], { env, name: 'rabbitmq-server', cwd: folder.path });
    await server.waitForLine(/Server startup complete/, 120_000);
    await server.waitUntil('the broker listens', () => accepts(port));
  };
  const dispose = async (): Promise<void> => {
    await server?.stop(20_000);
    await mapper?.stop();
    await folder.remove();
  };

  await start().catch(async (error: unknown) => {
    await dispose();
    throw error;
  });
  const urlFor = (user: string | undefined): string => {
    const { name, password } = definitions.users.find((one) => one.name === user) ?? {};
    const address = options.tls ? `localhost:${port}` : `127.0.0.1:${port}`;
    return `${options.tls ? 'amqps' : 'amqp'}://${name}:${password}@${address}`;
  };
  return {
    url: urlFor(definitions.users[0]?.name),
    urlFor,
    managementUrl: options.management
      ? urlFor(definitions.users[0]?.name)
          .replace(/^amqps?/, 'http')
          .replace(/:\d+$/, `:${managementPort}`)
      : null,
    get pid() {
      return server?.pid ?? -1;
    },
    start,
    dispose,
    stop: async () => server?.stop(20_000),
    kill: async () => server?.kill(),
    lastLines: () => server?.lastLines() ?? '',
  };
}

/**
 * The RabbitMQ of this run, for tests that only use it, or one of their own where there is none. Queue names must be
 * unique. `dispose` ends only what was started here.
 */
export async function useRabbitMq(): Promise<{ url: string; dispose(): Promise<void> }> {
  const url = process.env.REELMILL_TEST_AMQP_URL;
  return url === undefined ? startRabbitMq() : { url, dispose: async () => undefined };
}

function oneUser(): BrokerDefinitions {
  const name = 'reelmill-test';
  return {
    vhosts: [{ name: '/' }],
    users: [{ name, password: randomBytes(16).toString('hex'), tags: ['administrator'] }],
    permissions: [{ user: name, vhost: '/', configure: '.*', write: '.*', read: '.*' }],
  };
}

async function prepareFolder(
  folder: string,
  ports: { port: number; mapperPort: number; distributionPort: number; managementPort: number },
  options: RabbitMqOptions,
  definitions: BrokerDefinitions,
): Promise<Record<string, string>> {
  const inFolder = (name: string): string => path.join(folder, name);
  await Promise.all(['home', 'data', 'log'].map((name) => mkdir(inFolder(name))));
  await writeFile(
    inFolder('rabbitmq.conf'),
    [
      ...listenerLines(ports.port, options.tls),
      `consumer_timeout = ${options.consumerTimeoutMs ?? 3_600_000}`,
      ...(options.management ? managementLines(ports.managementPort) : []),
      'disk_free_limit.absolute = 50MB',
      `load_definitions = ${inFolder('definitions.json')}`,
      'log.console = true',
      'log.console.level = info',
      '',
    ].join('\n'),
  );
  await writeFile(
    inFolder('advanced.config'),
    `[{rabbit, [{channel_tick_interval, ${options.channelTickMs ?? 60_000}}]}].\n`,
  );
  await writeFile(inFolder('definitions.json'), JSON.stringify(definitions), { mode: 0o600 });
  await writeFile(inFolder('enabled_plugins'), options.management ? '[rabbitmq_management].\n' : '[].\n');
  return {
    HOME: inFolder('home'),
    ERL_EPMD_PORT: String(ports.mapperPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `reelmill-${ports.port}@localhost`,
    RABBITMQ_DIST_PORT: String(ports.distributionPort),
    RABBITMQ_MNESIA_BASE: inFolder('data'),
    RABBITMQ_LOG_BASE: inFolder('log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_CONFIG_FILE: inFolder('rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: inFolder('advanced.config'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_ENABLED_PLUGINS_FILE: inFolder('enabled_plugins'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    // makes the script become the broker instead of staying its parent, so that signals reach it
    RUNNING_UNDER_SYSTEMD: 'true',
  };
}

function listenerLines(port: number, tls: ServerCertificate | undefined): string[] {
  if (tls === undefined) return [`listeners.tcp.1 = 127.0.0.1:${port}`];
  return [
    'listeners.tcp = none',
    `listeners.ssl.1 = 127.0.0.1:${port}`,
    `ssl_options.cacertfile = ${tls.caFile}`,
    `ssl_options.certfile = ${tls.certFile}`,
    `ssl_options.keyfile = ${tls.keyFile}`,
    // clients prove who they are by their password
    'ssl_options.verify = verify_none',
    'ssl_options.fail_if_no_peer_cert = false',
  ];
}

function managementLines(port: number): string[] {
  return [
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${port}`,
    'collect_statistics_interval = 1000',
  ];
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
