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
 * Logs in, keeps the session, and says where; asks for what is missing where there is somebody to ask. `sessionFile` is
 * where the client keeps it.
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
  terminal.stdout.write(`Logged in at ${session.serverUrl} as ${printable(session.email)}.\n`);
  terminal.stdout.write(
    `The session is kept unencrypted in ${sessionFile}, which only you can read; \`reelmill logout\` ends it.\n`,
  );
  const { password_temporary: isTemporary } = await client.api(session).me(new AbortController().signal);
  if (isTemporary) terminal.stderr.write(TEMPORARY);
  return EXIT.ok.code;
}

const TEMPORARY = 'An administrator knows your password; choose another one with `reelmill password`.\n';

/** Replaces the password; with `passwordStdin` standard input has the present one and the new one, a line each. */
export async function changePassword(
  client: Client,
  terminal: Terminal,
  options: { passwordStdin?: boolean },
): Promise<number> {
  const [current = '', next = ''] = options.passwordStdin
    ? await readLines(terminal, 2)
    : await askForPasswords(terminal);
  await client.changePassword({ current, next });
  terminal.stdout.write('The password is changed; you are logged out everywhere else.\n');
  return EXIT.ok.code;
}

async function askForPasswords(terminal: Terminal): Promise<[string, string]> {
  const secret = { secret: true };
  const current = await askFor(terminal, 'Present password: ', '--password-stdin', secret);
  const next = await askFor(terminal, 'New password: ', '--password-stdin', secret);
  const again = await askFor(terminal, 'New password once more: ', '--password-stdin', secret);
  if (next !== again) throw new ReelmillError('validation_failed', 'The two new passwords differ.');
  return [current, next];
}

export async function logOut(client: Client, terminal: Terminal): Promise<number> {
  const session = await client.session();
  await client.logOut();
  const text = session === null ? 'Nobody was logged in.' : `Logged out of ${session.serverUrl}.`;
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
    throw new ReelmillError('validation_failed', `There is no terminal to ask; use ${option}.`);
  }
  return secret ? askSecret(terminal, question) : ask(terminal, question);
}

function readServerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ReelmillError(
      'validation_failed',
      `The server's address must begin with http:// or https://: ${text}`,
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
