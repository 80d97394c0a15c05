import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { openView, signIn } from '../support/desktopPages.ts';
import { type DesktopWorld, openDesktopWorld } from '../support/desktopWorld.ts';
import { findOpen } from '../support/openFiles.ts';
import { waitFor } from '../support/processes.ts';

/** Windows keeps others out of a user's folder in another way. */
const skip = process.platform === 'win32';

describe('the files of the desktop app under the usual umask', { timeout: 300_000, skip }, () => {
  let world: DesktopWorld;
  const umask = process.umask(0o022);
  before(async () => {
    world = await openDesktopWorld();
  });
  afterEach((t) => world.endTest('passed' in t && t.passed));
  after(async () => {
    process.umask(umask);
    await world?.stop();
  });

  test('are readable by their user only, and the session is removed when the user does not stay signed in', async () => {
    const { page } = await world.start('ann');
    await signIn(page, world.server.url, await world.signUp('ann'));
    const session = path.join(world.dataOf('ann'), 'session.bin');
    await stat(session);
    await openView(page, 'Settings');
    const stay = page.getByRole('switch', { name: 'Stay signed in on this computer' });
    // a test machine has no keyring, or has one: either way it is said how the session is kept
    await page.getByText(/The session is saved encrypted|This computer has no keyring/).waitFor();
    await stay.press('Space');
    await page.getByText('You stay signed in until you quit Reelmill').waitFor();
    await waitFor('the session to be forgotten', () =>
      stat(session).then(
        () => false,
        () => true,
      ),
    );
    const seen = new Set<string>();
    const open = await findOpen(world.dataOf('ann'), seen);
    // caches of the graphics driver, which lie elsewhere where no test moves them
    assert.deepEqual(
      open.filter((one) => !one.startsWith(path.join(world.dataOf('ann'), 'xdg'))),
      [],
    );
    for (const name of ['settings.json', 'server.json', 'logs/main.log']) {
      assert.ok(seen.has(path.join(world.dataOf('ann'), name)), name);
    }
    await world.endTest(true);

    const again = await world.start('ann');
    await again.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    assert.equal(await again.page.getByRole('checkbox', { name: 'Stay signed in' }).isChecked(), false);
  });
});
