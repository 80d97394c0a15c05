import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/**
 * Throws `validation_failed` for a URL that does not begin with https:. The addresses that its host name resolves to are
 * checked for each message, since they may change.
 */
export function assertUrlAllowed(url: string, config: Pick<ServerConfig, 'WEBHOOK_ALLOW_HTTP'>): void {
  if (url.startsWith('https:') || config.WEBHOOK_ALLOW_HTTP) return;
  const message = 'The URL of a webhook must begin with https://.';
  throw new ReelmillError('validation_failed', message, {
    details: { fields: [{ in: 'body', field: 'url', message }] },
  });
}
