import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'amqplib';
import { isCertificateError } from '../../runtime/certificateErrors.ts';
import { ConfigError } from '../../runtime/config.ts';
import { ReelmillError } from '../../runtime/errors.ts';
import { withTimeout } from '../../runtime/timeout.ts';
import { formatBrokerError, isLoginRefused, isVirtualHostRefused } from './brokerErrors.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2_000;
/** A virtual host that is being started or stopped refuses connections as one that is not there does. */
const VIRTUAL_HOST_TRIES = 3;
const VIRTUAL_HOST_PAUSE_MS = 1_000;

/**
 * Logs in once and out again. Throws `unavailable` while the broker does not respond, and ConfigError where it refuses the
 * user, the password or the virtual host.
 */
export async function assertBrokerAccess(url: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const connection = await connect(url, { timeout: CONNECT_TIMEOUT_MS });
      // an `error` without a listener would end the process
      connection.on('error', () => undefined);
      await withTimeout(connection.close(), CLOSE_TIMEOUT_MS).catch(() => undefined);
      return;
    } catch (error) {
      const reason = formatBrokerError(error);
      const hostRefused = isVirtualHostRefused(error);
      if (
        isLoginRefused(error) ||
        isCertificateError(error) ||
        (hostRefused && attempt === VIRTUAL_HOST_TRIES)
      )
        throw new ConfigError(`AMQP_URL: RabbitMQ refuses the connection: ${reason}`);
      if (!hostRefused)
        throw new ReelmillError('unavailable', `RabbitMQ is unavailable: ${reason}`, { cause: error });
      await pause(VIRTUAL_HOST_PAUSE_MS);
    }
  }
}
