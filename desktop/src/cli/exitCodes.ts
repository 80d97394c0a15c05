import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { UploadSnapshot } from '../contracts/desktop.ts';

/** The exit codes of `reelmill`; the table in `--help` is made from this one. */
export const EXIT = {
  ok: { code: 0, meaning: 'success' },
  failure: { code: 1, meaning: 'error; see standard error' },
  usage: { code: 2, meaning: 'invalid command line' },
  notLoggedIn: { code: 3, meaning: 'not logged in, or the server rejected the login' },
  uploadFailed: { code: 4, meaning: 'an upload failed or was canceled' },
  transcodeFailed: { code: 5, meaning: 'a video failed or was canceled after its upload' },
  interrupted: { code: 130, meaning: 'interrupted (Ctrl-C); run the same command to resume' },
  terminated: { code: 143, meaning: 'terminated (SIGTERM); run the same command to resume' },
} as const;

export function exitCodeTable(): string {
  const rows = Object.values(EXIT).map(({ code, meaning }) => `  ${String(code).padEnd(5)}${meaning}`);
  return `Exit codes:\n${rows.join('\n')}`;
}

const LOGIN_CODES: ReadonlySet<ErrorCode> = new Set([
  'unauthorized',
  'token_expired',
  'wrong_credentials',
  'refresh_token_invalid',
  'refresh_token_reused',
  'account_disabled',
]);

export function exitCodeOf(code: ErrorCode): number {
  return LOGIN_CODES.has(code) ? EXIT.notLoggedIn.code : EXIT.failure.code;
}

/** Returns the exit code of the most severe failure among several uploads. */
export function exitCodeOfUploads(uploads: readonly UploadSnapshot[]): number {
  const codes = uploads.map(exitCodeOfUpload);
  const mostSevere = [EXIT.notLoggedIn, EXIT.uploadFailed, EXIT.transcodeFailed, EXIT.failure];
  return mostSevere.find(({ code }) => codes.includes(code))?.code ?? EXIT.ok.code;
}

function exitCodeOfUpload({ state, failure, video }: UploadSnapshot): number {
  if (failure !== null && LOGIN_CODES.has(failure.code)) return EXIT.notLoggedIn.code;
  if (failure?.stage === 'follow') return EXIT.failure.code;
  if (state === 'failed')
    return failure?.stage === 'upload' ? EXIT.uploadFailed.code : EXIT.transcodeFailed.code;
  if (state === 'canceled') return video === null ? EXIT.uploadFailed.code : EXIT.transcodeFailed.code;
  return EXIT.ok.code;
}
