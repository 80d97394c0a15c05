import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Client } from '../node/client.ts';
import { EXIT } from './exitCodes.ts';
import { printable } from './formats.ts';
import { ask, askSecret, readLines, type Terminal } from './terminal.ts';

export interface LoginOptions {
  server: string;
  email?: string;
  passwordStdin?: boolean;
}

/**
 * Logs in, saves the session, and prints where; prompts for missing credentials on a terminal. `sessionFile` is where the
 * client saves it. Returns the exit code.
 */
export async function logIn(
  client: Client,
  terminal: Terminal,
  { sessionFile, ...options }: LoginOptions & { sessionFile: string },
): Promise<number> {
  const serverUrl = readServerUrl(options.server);
  const email = options.email ?? (await askFor(terminal, 'E-mail: ', '--email'));
  const password = options.passwordStdin
    ? ((await readLines(terminal, 1))[0] ?? '')
    : await askFor(terminal, 'Password: ', '--password-stdin', { secret: true });
  const session = await client.logIn(serverUrl, { email: email.trim(), password });
  terminal.stdout.write(`Logged in to ${session.serverUrl} as ${printable(session.email)}.\n`);
  terminal.stdout.write(
    `The session is saved unencrypted in ${sessionFile}, readable only by you; \`reelmill logout\` ends it.\n`,
  );
  const { password_temporary: isTemporary } = await client.api(session).me(new AbortController().signal);
  if (isTemporary) terminal.stderr.write(TEMPORARY);
  return EXIT.ok.code;
}

const TEMPORARY = 'An administrator set your password; change it with `reelmill password`.\n';

/** Changes the password; with `passwordStdin` standard input has the current and the new one, a line each. Returns the exit code. */
export async function changePassword(
  client: Client,
  terminal: Terminal,
  options: { passwordStdin?: boolean },
): Promise<number> {
  const [current = '', next = ''] = options.passwordStdin
    ? await readLines(terminal, 2)
    : await askForPasswords(terminal);
  await client.changePassword({ current, next });
  terminal.stdout.write('Password changed; you are logged out everywhere else.\n');
  return EXIT.ok.code;
}

async function askForPasswords(terminal: Terminal): Promise<[string, string]> {
  const secret = { secret: true };
  const current = await askFor(terminal, 'Current password: ', '--password-stdin', secret);
  const next = await askFor(terminal, 'New password: ', '--password-stdin', secret);
  const again = await askFor(terminal, 'Repeat new password: ', '--password-stdin', secret);
  if (next !== again) throw new ReelmillError('validation_failed', 'The new passwords do not match.');
  return [current, next];
}

export async function logOut(client: Client, terminal: Terminal): Promise<number> {
  const session = await client.session();
  await client.logOut();
  const text = session === null ? 'Not logged in.' : `Logged out of ${session.serverUrl}.`;
  terminal.stdout.write(`${text}\n`);
  return EXIT.ok.code;
}

async function askFor(
  terminal: Terminal,
  question: string,
  option: string,
  { secret = false } = {},
): Promise<string> {
  if (!terminal.stdin.isTTY) {
    throw new ReelmillError('validation_failed', `No terminal to prompt on; use ${option}.`);
  }
  return secret ? askSecret(terminal, question) : ask(terminal, question);
}

function readServerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ReelmillError(
      'validation_failed',
      `The server address must begin with http:// or https://: ${text}`,
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
