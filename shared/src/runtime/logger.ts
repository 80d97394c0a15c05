import { type DestinationStream, type Logger, pino } from 'pino';
import { redactUrls } from './redact.ts';
import { standardError } from './standardError.ts';

export type { Logger };

const SECRET_FIELDS = [
  'password',
  'token',
  'refresh_token',
  'refreshToken',
  'secret',
  'authorization',
  'cookie',
];

/** JSON lines on standard error. Secrets are redacted, and URLs lose their query, which holds signatures. */
export function createLogger(
  options: { level: string; name: string },
  destination: DestinationStream = standardError,
): Logger {
  return pino(
    {
      name: options.name,
      level: options.level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[secret]',
      },
      hooks: { streamWrite: redactUrls },
    },
    destination,
  );
}
