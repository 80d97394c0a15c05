import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';

const accountSchema = z.object({ email: z.email(), password: z.string() });
export type DemoAccount = z.infer<typeof accountSchema>;

/** The demo's account: its password is made once, kept readable by its owner only, and registered where it is new. */
export async function openAccount(serverUrl: string, file: string): Promise<DemoAccount> {
  const account = await keepAccount(file);
  const response = await fetch(`${serverUrl}/api/v1/users/register`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ nickname: 'Demo', ...account }),
    signal: AbortSignal.timeout(30_000),
  });
  await response.body?.cancel();
  // 409: registered by an earlier demo
  if (response.status !== 201 && response.status !== 409) {
    throw new Error(`The server did not register the demo's account (HTTP ${response.status}).`);
  }
  return account;
}

/** Returns the account that the file holds; makes file and password where there is none. */
export async function keepAccount(file: string): Promise<DemoAccount> {
  return (await readAccount(file)) ?? makeAccount(file);
}

async function readAccount(file: string): Promise<DemoAccount | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : accountSchema.parse(JSON.parse(text));
}

async function makeAccount(file: string): Promise<DemoAccount> {
  const account = { email: 'demo@example.com', password: randomBytes(12).toString('base64url') };
  await writeFile(file, `${JSON.stringify(account)}\n`, { flag: 'wx', mode: 0o600 });
  return account;
}
