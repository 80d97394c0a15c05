import type { UploadSnapshot } from '@reelmill/desktop/contracts/desktop.ts';
import type { IpcArgs, IpcCall, IpcReply } from '@reelmill/desktop/contracts/ipc.ts';
import type { Locator, Page } from 'playwright-core';
import { waitFor } from './processes.ts';

/** Long enough for a transcode on a busy machine. */
export const ONLINE_MS = 240_000;

export interface Account {
  email: string;
  password: string;
}

/** Fills the form and sends it. */
export async function fillSignIn(page: Page, serverUrl: string, account: Account): Promise<void> {
  await page.getByLabel('Server').fill(serverUrl);
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByLabel('Password', { exact: true }).fill(account.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Signs in and waits for the uploads. */
export async function signIn(page: Page, serverUrl: string, account: Account): Promise<void> {
  await fillSignIn(page, serverUrl, account);
  await page.getByRole('heading', { name: 'Uploads', level: 1 }).waitFor();
}

export async function openView(page: Page, view: 'Uploads' | 'Library' | 'Farm' | 'Settings'): Promise<void> {
  const navigation = page.getByRole('navigation', { name: 'Main navigation' });
  await navigation.getByRole('button', { name: view }).click();
  await page.getByRole('heading', { name: view, level: 1 }).waitFor();
}

/** The row of an upload, in a state where one is named. */
export function rowOf(page: Page, name: string, state = ''): Locator {
  const words = `${name}, ${state}`.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return page.getByRole('row', { name: new RegExp(`^${words}${state && '$'}`) });
}

export async function waitForOnline(page: Page, ...names: readonly string[]): Promise<void> {
  for (const name of names) await rowOf(page, name, 'Online').waitFor({ timeout: ONLINE_MS });
}

/** Returns the reply of the main process to the page. */
export async function callMain<Call extends IpcCall>(
  page: Page,
  call: Call,
  args?: IpcArgs<Call>,
): Promise<unknown> {
  const reply = (await page.evaluate(
    `window.reelmill.call(${JSON.stringify(call)}, ${args === undefined ? 'undefined' : JSON.stringify(args)})`,
  )) as IpcReply; // the page runs elsewhere
  if (!reply.ok) throw new Error(`${call}: ${reply.error.code}, ${reply.error.message}`);
  return reply.value;
}

/** What the queue knows of a file, by its name. */
export async function uploadOf(page: Page, fileName: string): Promise<UploadSnapshot> {
  // as the contract has it
  const uploads = (await callMain(page, 'queue.list')) as UploadSnapshot[];
  const found = uploads.find((upload) => upload.fileName === fileName);
  if (found === undefined) throw new Error(`${fileName} is not in the queue`);
  return found;
}

/** Waits until the store has confirmed so many bytes of a file. */
export function waitForBytes(page: Page, fileName: string, bytes: number): Promise<UploadSnapshot> {
  return waitFor(`${bytes} bytes of ${fileName} are stored`, async () => {
    const upload = await uploadOf(page, fileName);
    return upload.acknowledgedBytes >= bytes ? upload : null;
  });
}

export async function limitRate(page: Page, bytesPerSecond: number | null): Promise<void> {
  await callMain(page, 'settings.set', { bytesPerSecond });
}
