import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { IntakeResult } from '@reelmill/desktop/contracts/desktop.ts';
import type { Page } from 'playwright-core';
import { findViolations } from '../support/accessibility.ts';
import { makeLongQueue, makeSituations, makeUpload } from '../support/previewQueue.ts';
import { waitFor } from '../support/processes.ts';
import { dragFiles, openQueueView } from '../support/queueView.ts';
import { type RendererPreview, startRendererPreview } from '../support/rendererPreview.ts';

/** In a row, and on none of its buttons. */
const BESIDE_BUTTONS = { position: { x: 60, y: 20 } };

describe('the uploads view', { timeout: 300_000 }, () => {
  let preview: RendererPreview;

  before(async () => {
    preview = await startRendererPreview();
  });
  after(() => preview?.close());

  const open = (queue = makeSituations()) => openQueueView(preview, queue);

  test('selects rows with the pointer, alone, together and in ranges', async () => {
    const { page, row, selected } = await open();
    await row(0).click(BESIDE_BUTTONS);
    assert.deepEqual(await selected(), ['u0']);
    await row(2).click({ ...BESIDE_BUTTONS, modifiers: ['Control'] });
    assert.deepEqual(await selected(), ['u0', 'u2']);
    await row(4).click({ ...BESIDE_BUTTONS, modifiers: ['Shift'] });
    assert.deepEqual(await selected(), ['u2', 'u3', 'u4']);
    await page.getByRole('toolbar').getByText('3 selected').waitFor();
    await page.close();
  });

  test('the keyboard reaches every one of thousands of rows and their buttons', async () => {
    const { page, row, selected, focused } = await open(makeLongQueue(2_000));
    await row(0).focus();
    await page.keyboard.press('End');
    assert.equal(await focused(), 'u1999');
    await page.keyboard.press('Home');
    assert.equal(await focused(), 'u0');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Shift+ArrowDown');
    assert.deepEqual(await selected(), ['u1', 'u2']);
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'u2', 'the next stop is a button of the same row');
    await page.keyboard.press('Control+a');
    await page.getByText('2000 selected').waitFor();
    await page.keyboard.press('Escape');
    assert.deepEqual(await selected(), []);
    const { drawn, told } = await page.evaluate<{ drawn: number; told: string }>(
      "({ drawn: document.querySelectorAll('[role=row]').length, told: document.querySelector('[role=grid]').ariaRowCount })",
    );
    assert.equal(told, '2000');
    assert.ok(drawn < 40, `${drawn} rows are drawn`);
    await page.close();
  });

  test('saves a title with Enter, and discards it with Escape', async () => {
    const { page, row, takeCalls, focused } = await open();
    await row(0).click(BESIDE_BUTTONS);
    await page.keyboard.press('F2');
    await page.keyboard.type('Keeper, uncut');
    await page.keyboard.press('Enter');
    assert.deepEqual(await takeCalls(), [['queue.rename', { id: 'u0', title: 'Keeper, uncut' }]]);
    await row(0).getByText('Keeper, uncut').waitFor();
    assert.equal(await focused(), 'u0');
    await row(0)
      .getByRole('button', { name: /^Edit title/ })
      .click();
    await page.keyboard.type('Something else');
    await page.keyboard.press('Escape');
    await row(0).getByText('Keeper, uncut').waitFor();
    assert.deepEqual(await takeCalls(), []);
    await page.close();
  });

  test('asks before canceling only where something was sent', async () => {
    const { page, row, takeCalls } = await open();
    await row(0)
      .getByRole('button', { name: /^Cancel/ })
      .click();
    await page.getByRole('dialog').getByText('The uploaded data').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.deepEqual(await takeCalls(), []);
    await row(0)
      .getByRole('button', { name: /^Cancel/ })
      .click();
    await page.getByRole('button', { name: 'Cancel upload' }).click();
    assert.deepEqual(await takeCalls(), [['queue.cancel', { ids: ['u0'] }]]);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await row(3)
      .getByRole('button', { name: /^Cancel/ })
      .click();
    assert.deepEqual(await takeCalls(), [['queue.cancel', { ids: ['u3'] }]]);
    await page.close();
  });

  test('Delete removes finished rows at once and asks about the rest; the focus moves on', async () => {
    const { page, row, takeCalls, focused } = await open();
    await row(9).scrollIntoViewIfNeeded();
    await row(9).click(BESIDE_BUTTONS);
    await page.keyboard.press('Delete');
    assert.deepEqual(await takeCalls(), [['queue.remove', { ids: ['u9'] }]]);
    await row(9).waitFor({ state: 'detached' });
    assert.equal(await focused(), 'u10');
    await page.keyboard.press('Home');
    await page.keyboard.press('Delete');
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await row(0).waitFor({ state: 'detached' });
    assert.deepEqual(await takeCalls(), [
      ['queue.cancel', { ids: ['u0'] }],
      ['queue.remove', { ids: ['u0'] }],
    ]);
    await page.close();
  });

  test('changes the order by menu, by keyboard and by dragging, and announces it', async () => {
    const { page, row, takeCalls, focused } = await open([1, 2, 3, 4].map((id) => makeUpload(id)));
    await row(3).click({ ...BESIDE_BUTTONS, button: 'right' });
    await page.getByRole('menuitem', { name: 'Move to top' }).click();
    assert.deepEqual(await takeCalls(), [['queue.move', { id: 'u3', index: 0 }]]);
    await page.getByText(/is now at position 1 of 4/).waitFor({ state: 'attached' });
    assert.equal(await focused(), 'u3', 'the menu gives the focus back');
    await page.keyboard.press('Alt+ArrowDown');
    assert.deepEqual(await takeCalls(), [['queue.move', { id: 'u3', index: 1 }]]);
    await page.getByText(/is now at position 2 of 4/).waitFor({ state: 'attached' });
    await dragRow(page, 'u4', 'u1');
    assert.deepEqual(await takeCalls(), [['queue.move', { id: 'u4', index: 0 }]]);
    await page.close();
  });

  test('names a duplicate, which can be shown or uploaded anyway', async () => {
    const { page, row, takeCalls } = await open();
    await page.getByText('Needs attention').click();
    await row(9).getByText('Already in your library as “B-roll harbour, morning light”.').waitFor();
    await row(9)
      .getByRole('button', { name: /^Upload anyway/ })
      .click();
    assert.deepEqual(await takeCalls(), [['queue.uploadAnyway', { ids: ['u9'] }]]);
    await row(9)
      .getByRole('button', { name: /^Show video/ })
      .click();
    await waitFor('the library to ask for the video', async () =>
      (await takeCalls()).some(
        ([call, args]) => call === 'library.get' && isDeepStrictEqual(args, { videoId: 12 }),
      ),
    );
    await page.close();
  });

  test('counts down to the next attempt', async () => {
    const { page, row } = await open();
    const notice = row(2).getByText(/No connection. Retrying in \d+ s/);
    await notice.waitFor();
    const secondsLeft = async () => Number(/(\d+) s/.exec((await notice.textContent()) ?? '')?.[1]);
    const first = await secondsLeft();
    // the same notice comes with every message as long as nothing moves
    await page.evaluate(`preview.send('queue.changed',
      { changed: [structuredClone(preview.state.queue[2])], removed: [], order: null })`);
    await waitFor('fewer seconds', async () => (await secondsLeft()) < first);
    await page.close();
  });

  test('adds files dropped on any view, and lists rejected ones with their reasons', async () => {
    const { page, takeCalls } = await open([]);
    await page.getByRole('navigation').getByRole('button', { name: 'Settings' }).click();
    await answerIntake(page, {
      added: ['u1', 'u2'],
      known: 1,
      refused: [
        { path: '/dropped/beach.jpg', code: 'unsupported_file', message: 'A picture.', kind: 'picture' },
        { path: '/dropped/empty.mp4', code: 'empty_file', message: 'The file is empty.' },
      ],
    });
    await takeCalls();
    const { drop } = await dragFiles(page, ['a.mp4', 'beach.jpg']);
    await page.getByText('Drop to upload').waitFor();
    await drop();
    await page.getByText('Drop to upload').waitFor({ state: 'detached' });
    const report = page.getByRole('dialog', { name: '2 files were not added' });
    await report.getByText('An image, not a video').waitFor();
    await report.getByText('This file is empty.').waitFor();
    await page.getByText('2 files added, 1 file is already in the list').waitFor();
    const added = (await takeCalls()).filter(([call]) => call === 'queue.add');
    assert.deepEqual(added, [['queue.add', { paths: ['/dropped/a.mp4', '/dropped/beach.jpg'] }]]);
    await report.getByRole('button', { name: 'Close' }).click();
    await report.waitFor({ state: 'detached' });
    await page.getByRole('heading', { level: 1, name: 'Uploads' }).waitFor();
    await page.close();
  });

  test('clears the overlay of a drag that ends elsewhere', async () => {
    const { page } = await open([]);
    await dragFiles(page, ['a.mp4']);
    await page.getByText('Drop to upload').waitFor();
    await page.getByText('Drop to upload').waitFor({ state: 'detached' });
    await page.close();
  });

  test('menus and dialogs of the list are accessible', async () => {
    const { page, row } = await open();
    await row(0).click(BESIDE_BUTTONS);
    await page.keyboard.press('Control+a');
    assert.deepEqual(await findViolations(page, 'main'), []);
    await page.keyboard.press('Delete');
    await page.getByRole('dialog').waitFor();
    assert.deepEqual(await findViolations(page, '[role=dialog]'), []);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await row(0)
      .getByRole('button', { name: /^More actions/ })
      .click();
    await page.getByRole('menu').waitFor();
    assert.deepEqual(await findViolations(page, '[role=menu]'), []);
    await page.keyboard.press('Escape');
    await row(0)
      .getByRole('button', { name: /^Edit title/ })
      .click();
    assert.deepEqual(await findViolations(page, 'main'), []);
    await page.close();
  });
});

/** Picks a row up at its handle and puts it down on the upper half of another one. */
async function dragRow(page: Page, from: string, to: string): Promise<void> {
  const boxOf = async (id: string) => {
    const box = await page.locator(`[role=row][data-id="${id}"]`).boundingBox();
    assert.ok(box !== null, `${id} is not drawn`);
    return box;
  };
  const [start, end] = [await boxOf(from), await boxOf(to)];
  const x = start.x + 10;
  await page.mouse.move(x, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move(x, start.y, { steps: 4 });
  await page.mouse.move(x, end.y + end.height / 4, { steps: 8 });
  const line = page.locator('[class*="_dropLine_"]');
  await waitFor('the line to show where it would come to lie', async () => {
    const box = await line.boundingBox();
    return box !== null && Math.abs(box.y - end.y) < 3;
  });
  await page.mouse.up();
}

async function answerIntake(page: Page, result: IntakeResult): Promise<void> {
  await page.evaluate(`(() => {
    const { call } = reelmill;
    const result = ${JSON.stringify(result)};
    reelmill.call = async (name, args) => {
      const answer = await call(name, args);
      return name === 'queue.add' ? { ok: true, value: result } : answer;
    };
  })()`);
}
