import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/**
 * Throws `validation_failed` for an address that no delivery would be sent to. What its name resolves to is looked at
 * whenever a message is sent, for that may change.
 */
export function refuseAddress(url: string, config: Pick<ServerConfig, 'WEBHOOK_ALLOW_HTTP'>): void {
  if (url.startsWith('https:') || config.WEBHOOK_ALLOW_HTTP) return;
  const message = 'The address of a webhook must begin with https://.';
  throw new ReelmillError('validation_failed', message, {
    details: { fields: [{ in: 'body', field: 'url', message }] },
  });
}
