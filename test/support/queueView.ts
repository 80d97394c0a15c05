import type { UploadSnapshot } from '@reelmill/desktop/contracts/desktop.ts';
import type { IpcCall } from '@reelmill/desktop/contracts/ipc.ts';
import type { Locator, Page } from 'playwright-core';
import { makePreviewState } from './previewState.ts';
import type { RendererPreview } from './rendererPreview.ts';

/** The uploads view in a browser, and what it asked the main process for. */
export interface QueueViewPage {
  page: Page;
  /** The row of an upload, by the number in its id. */
  row(id: number): Locator;
  /** Calls that change something since the last time this was asked, with their arguments. */
  takeCalls(): Promise<[IpcCall, unknown][]>;
  /** The ids of the chosen rows that are drawn. */
  selected(): Promise<string[]>;
  /** The id of the row that has the focus or holds it; null outside of the list. */
  focused(): Promise<string | null>;
}

export async function openQueueView(
  preview: RendererPreview,
  queue: UploadSnapshot[],
): Promise<QueueViewPage> {
  const { page } = await preview.open(makePreviewState({ queue }));
  await page.evaluate(`(() => {
    const { call } = reelmill;
    globalThis.calls = [];
    reelmill.call = (name, args) => {
      calls.push([name, args]);
      return call(name, args);
    };
  })()`);
  return {
    page,
    row: (id) => page.locator(`[role=row][data-id="u${id}"]`),
    takeCalls: () => page.evaluate('calls.splice(0)'),
    selected: () =>
      page.evaluate("[...document.querySelectorAll('[aria-selected=true]')].map((row) => row.dataset.id)"),
    focused: () => page.evaluate("document.activeElement?.closest('[role=row]')?.dataset.id ?? null"),
  };
}

/** Drags files from outside over the window; `drop` lets them go. Their paths are `/dropped/NAME`. */
export async function dragFiles(page: Page, names: readonly string[]): Promise<{ drop(): Promise<void> }> {
  await page.evaluate(`(() => {
    globalThis.dragged = new DataTransfer();
    for (const name of ${JSON.stringify(names)}) dragged.items.add(new File(['x'], name));
    reelmill.pathOf = (file) => '/dropped/' + file.name;
  })()`);
  await page.evaluate(dispatchDrag('dragenter'));
  return { drop: () => page.evaluate(dispatchDrag('drop')) };
}

/** Throws where the page leaves the event to the browser, which would go to the file. */
function dispatchDrag(type: string): string {
  return `(() => {
    const event = new DragEvent('${type}', { bubbles: true, cancelable: true, dataTransfer: dragged });
    if (document.body.dispatchEvent(event)) throw new Error('${type} was left to the browser');
  })()`;
}
