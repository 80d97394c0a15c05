import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
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
}

/** A private RabbitMQ whose messages survive `stop` and `start`. */
export interface RabbitMq {
  /** `amqp://...`, the same after a restart. */
  readonly url: string;
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
  const [port, mapperPort, distributionPort] = [
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
  ];
  const env = await prepareFolder(folder.path, { port, mapperPort, distributionPort }, options);
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
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
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

async function prepareFolder(
  folder: string,
  ports: { port: number; mapperPort: number; distributionPort: number },
  options: RabbitMqOptions,
): Promise<Record<string, string>> {
  const inFolder = (name: string): string => path.join(folder, name);
  await Promise.all(['home', 'data', 'log'].map((name) => mkdir(inFolder(name))));
  await writeFile(
    inFolder('rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${ports.port}`,
      `consumer_timeout = ${options.consumerTimeoutMs ?? 3_600_000}`,
      'disk_free_limit.absolute = 50MB',
      'log.console = true',
      'log.console.level = info',
      '',
    ].join('\n'),
  );
  await writeFile(
    inFolder('advanced.config'),
    `[{rabbit, [{channel_tick_interval, ${options.channelTickMs ?? 60_000}}]}].\n`,
  );
  await writeFile(inFolder('enabled_plugins'), '[].\n');
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

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
