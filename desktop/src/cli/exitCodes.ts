import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { UploadSnapshot } from '../contracts/desktop.ts';

/** What the exit code of `reelmill` says; the table in `--help` is made of this one. */
export const EXIT = {
  ok: { code: 0, meaning: 'everything was done' },
  failure: { code: 1, meaning: 'it failed; standard error says why' },
  usage: { code: 2, meaning: 'the command line is wrong' },
  notLoggedIn: { code: 3, meaning: 'nobody is logged in, or the server refuses the login' },
  uploadFailed: { code: 4, meaning: 'an upload failed or was canceled' },
  transcodeFailed: { code: 5, meaning: 'a video failed or was canceled after its upload' },
  interrupted: { code: 130, meaning: 'interrupted (Ctrl-C); the same command goes on where it stopped' },
  terminated: { code: 143, meaning: 'terminated (SIGTERM); the same command goes on where it stopped' },
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

/** The gravest of what became of several uploads. */
export function exitCodeOfUploads(uploads: readonly UploadSnapshot[]): number {
  const codes = uploads.map(exitCodeOfUpload);
  const gravest = [EXIT.notLoggedIn, EXIT.uploadFailed, EXIT.transcodeFailed, EXIT.failure];
  return gravest.find(({ code }) => codes.includes(code))?.code ?? EXIT.ok.code;
}

function exitCodeOfUpload({ state, failure, video }: UploadSnapshot): number {
  if (failure !== null && LOGIN_CODES.has(failure.code)) return EXIT.notLoggedIn.code;
  if (failure?.stage === 'follow') return EXIT.failure.code;
  if (state === 'failed')
    return failure?.stage === 'upload' ? EXIT.uploadFailed.code : EXIT.transcodeFailed.code;
  if (state === 'canceled') return video === null ? EXIT.uploadFailed.code : EXIT.transcodeFailed.code;
  return EXIT.ok.code;
}
