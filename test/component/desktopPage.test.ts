import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DEFAULT_APP_SETTINGS } from '@reelmill/desktop/contracts/desktop.ts';
import type { IpcCall } from '@reelmill/desktop/contracts/ipc.ts';
import type { Page } from 'playwright-core';
import { makeSituations } from '../support/previewQueue.ts';
import { ADMIN, makePreviewState, NOBODY, type PreviewState } from '../support/previewState.ts';
import { waitFor } from '../support/processes.ts';
import { type RendererPreview, startRendererPreview } from '../support/rendererPreview.ts';

const MB = 1024 ** 2;

describe('the page of the desktop app', { timeout: 300_000 }, () => {
  let preview: RendererPreview;

  before(async () => {
    preview = await startRendererPreview();
  });
  after(() => preview?.close());

  async function open(facts: Partial<PreviewState>): Promise<Page> {
    return (await preview.open(makePreviewState(facts))).page;
  }

  describe('signing in', () => {
    test('focuses an unknown address, and checks the server when the field loses the focus', async () => {
      const page = await open({ session: { ...NOBODY, serverUrl: null } });
      const server = page.getByLabel('Server');
      assert.equal(await focused(page), 'Server');
      await page.keyboard.type('films.example.com');
      await page.keyboard.press('Tab');
      await page.getByText('Reelmill 0.1.0 at films.example.com').waitFor();
      assert.equal(await server.inputValue(), 'https://films.example.com');
      await server.fill('elsewhere.example.com');
      await page.getByText('Reelmill 0.1.0 at').waitFor({ state: 'detached' });
    });

    test('shows at the address why there is no server', async () => {
      const error = { code: 'not_a_server', message: 'No.' } as const;
      const page = await open({ session: NOBODY, failing: { 'session.probe': error } });
      await page.getByText('is not a Reelmill server').waitFor();
      assert.equal(await page.getByLabel('Server').getAttribute('aria-invalid'), 'true');
    });

    test('sends nothing before the form is complete, and focuses the missing field', async () => {
      const page = await open({ session: NOBODY });
      assert.equal(await focused(page), 'E-mail');
      await page.keyboard.type('ada@example.com');
      await page.keyboard.press('Enter');
      await page.getByText('Enter your password.').waitFor();
      assert.equal(await focused(page), 'Password');
      assert.deepEqual(await callsOf(page, 'session.signIn'), []);
    });

    test('shows a wrong password at its field, and accepts the right one', async () => {
      const error = { code: 'wrong_credentials', message: 'No.' } as const;
      const page = await open({ session: NOBODY, failing: { 'session.signIn': error } });
      await signIn(page, 'wrong');
      await page.getByText('Incorrect e-mail address or password.').waitFor();
      assert.equal(await focused(page), 'Password');
      await page.evaluate('delete preview.state.failing["session.signIn"]');
      await page.keyboard.type(' but nearly');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Uploads', level: 1 }).waitFor();
      assert.deepEqual((await callsOf(page, 'session.signIn')).at(-1), {
        serverUrl: 'https://reelmill.example.com',
        email: 'ada@example.com',
        password: 'wrong but nearly',
      });
    });

    test('shows how long to wait after too many attempts', async () => {
      const error = { code: 'rate_limited', message: 'No.', retryAfterSeconds: 90 } as const;
      const page = await open({ session: NOBODY, failing: { 'session.signIn': error } });
      await signIn(page, 'wrong');
      await page.getByText('You can try again in 2 min.').waitFor();
    });

    test('cannot be sent twice', async () => {
      const page = await open({ session: NOBODY, silent: ['session.signIn'] });
      await signIn(page, 'correct horse');
      await page.getByLabel('Password', { exact: true }).press('Enter');
      await page.getByLabel('Password', { exact: true }).press('Enter');
      assert.equal((await callsOf(page, 'session.signIn')).length, 1);
    });

    test('offers registration only where the server allows it', async () => {
      const page = await open({ session: NOBODY });
      await page.getByRole('button', { name: 'Create an account' }).click();
      await page.getByLabel('Name').fill('Ada');
      await page.getByLabel('E-mail').fill('ada@example.com');
      await page.getByLabel('Password', { exact: true }).fill('short');
      await page.keyboard.press('Enter');
      await page.getByText('Use at least 8 characters.').waitFor();
      await page.getByLabel('Password', { exact: true }).fill('correct horse');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Uploads', level: 1 }).waitFor();
      const account = { nickname: 'Ada', email: 'ada@example.com', password: 'correct horse' };
      const expected = { serverUrl: 'https://reelmill.example.com', account };
      assert.deepEqual(await callsOf(page, 'session.register'), [expected]);

      const { server } = makePreviewState();
      const closed = await open({ session: NOBODY, server: { ...server, registration: 'closed' } });
      await closed.getByText('Reelmill 0.1.0 at').waitFor();
      assert.equal(await closed.getByRole('button', { name: 'Create an account' }).count(), 0);
    });
  });

  describe('moving around', () => {
    test('skips to the content by keyboard, and focuses the heading of each view', async () => {
      const page = await open({});
      await page.keyboard.press('Tab');
      assert.equal(await focused(page), 'Skip to content');
      await page.keyboard.press('Enter');
      assert.equal(await focused(page), 'Uploads');
      for (const [view, title] of [
        ['library', 'Library'],
        ['farm', 'Farm'],
        ['settings', 'Settings'],
        ['queue', 'Uploads'],
      ]) {
        await page.evaluate(`preview.send('app.navigate', { view: '${view}', videoId: null })`);
        await waitFor(`the focus on ${title}`, async () => (await focused(page)) === title);
        const current = page.getByRole('navigation').locator('[aria-current=page]');
        assert.match((await current.textContent()) ?? '', new RegExp(`^${title}`));
      }
    });

    test('the farm is there only for administrators', async () => {
      const page = await open({ session: { ...ADMIN, role: 'creator' } });
      assert.equal(await page.getByRole('navigation').getByRole('button', { name: 'Farm' }).count(), 0);
      await page.evaluate("preview.send('app.navigate', { view: 'farm', videoId: null })");
      await page.getByRole('heading', { name: 'Uploads', level: 1 }).waitFor();
      assert.deepEqual(await callsOf(page, 'farm.get'), []);
    });

    test('asks before signing out, and Escape cancels', async () => {
      const page = await open({ queue: makeSituations() });
      const account = page.getByRole('button', { name: 'Account Ada Lovelace' });
      await account.click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await page.getByRole('dialog').getByText('10 uploads are not finished.').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      assert.deepEqual(await callsOf(page, 'session.signOut'), []);
      await account.click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in to Reelmill' }).waitFor();
      assert.equal((await callsOf(page, 'session.signOut')).length, 1);
    });
  });

  describe('the password', () => {
    const TEMPORARY: Partial<PreviewState> = { session: { ...ADMIN, passwordTemporary: true } };

    test('that an administrator set is to be changed at the start, or later in the settings', async () => {
      const page = await open(TEMPORARY);
      const dialog = page.getByRole('dialog', { name: 'Change your password' });
      await dialog.getByText('An administrator set your password.').waitFor();
      await waitFor(
        'the first field has the focus',
        async () => (await focused(page)) === 'Current password',
      );
      await dialog.getByRole('button', { name: 'Later' }).click();
      await dialog.waitFor({ state: 'detached' });
      await page.getByRole('navigation').getByRole('button', { name: 'Settings' }).click();
      await page.getByRole('button', { name: 'Change the password' }).click();
      await dialog.getByLabel('New password', { exact: true }).fill('short');
      await page.keyboard.press('Enter');
      await dialog.getByText('Use at least 8 characters.').waitFor();
      assert.equal(await focused(page), 'Current password');
      assert.deepEqual(await callsOf(page, 'session.changePassword'), []);
      await page.keyboard.type('of the admin');
      await dialog.getByLabel('New password', { exact: true }).fill('correct horse');
      await page.keyboard.press('Enter');
      await page.getByText('Password changed.').waitFor();
      await dialog.waitFor({ state: 'detached' });
      const passwords = { current: 'of the admin', next: 'correct horse' };
      assert.deepEqual(await callsOf(page, 'session.changePassword'), [passwords]);
      await page.getByText('Changing it signs you out everywhere else.').waitFor();
    });

    test('shows a wrong current one at its field', async () => {
      const error = { code: 'wrong_credentials', message: 'No.' } as const;
      const page = await open({ ...TEMPORARY, failing: { 'session.changePassword': error } });
      await page.getByLabel('Current password', { exact: true }).fill('wrong');
      await page.getByLabel('New password', { exact: true }).fill('correct horse');
      await page.keyboard.press('Enter');
      await page.getByText('Incorrect current password.').waitFor();
      assert.equal(await focused(page), 'Current password');
    });
  });

  describe('settings', () => {
    async function openSettings(facts: Partial<PreviewState> = {}): Promise<Page> {
      const page = await open(facts);
      await page.getByRole('navigation').getByRole('button', { name: 'Settings' }).click();
      await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
      return page;
    }

    test('are saved as soon as they are changed, by keyboard too', async () => {
      const page = await openSettings();
      await page.getByRole('switch', { name: 'Notifications' }).press('Space');
      await page.getByRole('radiogroup', { name: 'Simultaneous uploads' }).getByText('5').click();
      await page.getByRole('combobox', { name: 'Speed limit' }).click();
      await page.getByRole('option', { name: '5 MB/s', exact: true }).click();
      assert.deepEqual(await callsOf(page, 'settings.set'), [
        { notifications: false },
        { fileConcurrency: 5 },
        { bytesPerSecond: 5 * MB },
      ]);
    });

    test('accept a custom limit', async () => {
      const page = await openSettings();
      await page.getByRole('combobox', { name: 'Speed limit' }).click();
      await page.getByRole('option', { name: 'Custom…' }).click();
      const field = page.getByRole('textbox', { name: 'Speed limit: Custom limit' });
      await field.fill('3.5');
      await field.press('Enter');
      assert.deepEqual((await callsOf(page, 'settings.set')).at(-1), { bytesPerSecond: 3.5 * MB });
      assert.equal(await field.inputValue(), '3.5 MB/s');
    });

    test('accept a schedule', async () => {
      const page = await openSettings();
      await page.getByRole('switch', { name: 'Use a different limit at certain times' }).check();
      await page.getByLabel('From', { exact: true }).fill('22:30');
      await page.getByLabel('To', { exact: true }).fill('06:00');
      await page.getByText('Until 06:00 the next day.').waitFor();
      const { schedule } = DEFAULT_APP_SETTINGS;
      assert.deepEqual((await callsOf(page, 'settings.set')).at(-1), {
        schedule: { ...schedule, enabled: true, from: '22:30', to: '06:00' },
      });
    });

    test('change language and appearance at once', async () => {
      const page = await openSettings();
      await page.getByRole('radiogroup', { name: 'Appearance' }).getByText('Dark').click();
      await page.locator('html[data-mantine-color-scheme=dark]').waitFor();
      await page.getByRole('combobox', { name: 'Language' }).click();
      await page.getByRole('option', { name: '简体中文' }).click();
      await page.getByRole('heading', { name: '设置', level: 1 }).waitFor();
      assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
      await page.getByRole('combobox', { name: '语言' }).click();
      await page.getByRole('option', { name: '跟随系统' }).click();
      await page.locator('html[lang=zh-CN]').waitFor();
    });

    test('are reverted where they cannot be saved, with the reason', async () => {
      const error = { code: 'internal', message: 'No.' } as const;
      const page = await openSettings({ failing: { 'settings.set': error } });
      await page.getByRole('switch', { name: 'Start when you log in' }).press('Space');
      await page.getByRole('alert').getByText('An unexpected error occurred').waitFor();
      assert.equal(await page.getByRole('switch', { name: 'Start when you log in' }).isChecked(), false);
    });

    test('follow changes made elsewhere', async () => {
      const page = await openSettings();
      const changed = { ...DEFAULT_APP_SETTINGS, keepInTray: false };
      await page.evaluate(`preview.send('settings.changed', ${JSON.stringify(changed)})`);
      const tray = page.getByRole('switch', { name: 'Keep running when the window is closed' });
      await waitFor('the switch to turn', async () => !(await tray.isChecked()));
    });

    test('ask for a folder before watching starts', async () => {
      const page = await openSettings();
      await page.getByRole('switch', { name: 'Upload new files automatically' }).press('Space');
      await page.getByText('/home/ada/Videos/Finished').waitFor();
      assert.deepEqual(await callsOf(page, 'settings.set'), [
        { watchFolder: { enabled: true, path: '/home/ada/Videos/Finished' } },
      ]);
    });

    test('show a new version and install it', async () => {
      const page = await openSettings();
      await page.getByText('Reelmill is up to date.').waitFor();
      const ready = { status: 'ready', version: '0.2.0', message: null };
      await page.evaluate(`preview.send('updates.changed', ${JSON.stringify(ready)})`);
      await page.getByText('Version 0.2.0 is ready.').waitFor();
      await page.getByRole('button', { name: 'Restart and install' }).click();
      assert.equal((await callsOf(page, 'updates.install')).length, 1);
    });
  });
});

async function signIn(page: Page, password: string): Promise<void> {
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.keyboard.press('Enter');
}

/** The arguments of every call of this name. */
function callsOf(page: Page, name: IpcCall): Promise<unknown[]> {
  return page.evaluate(`preview.calls.filter(([call]) => call === '${name}').map(([, args]) => args)`);
}

/** The name of what has the focus: the label of a field, or a text. */
function focused(page: Page): Promise<string> {
  return page.evaluate(`(() => {
    const element = document.activeElement;
    const label = element.labels?.[0] ?? element;
    return label.textContent.trim();
  })()`);
}
