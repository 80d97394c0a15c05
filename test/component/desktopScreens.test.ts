import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { findViolations } from '../support/accessibility.ts';
import { waitFor } from '../support/processes.ts';
import {
  LEAST_SIZE,
  type Look,
  type RendererPreview,
  startRendererPreview,
  USUAL_LOOK,
} from '../support/rendererPreview.ts';
import { SCREENS, type Screen } from '../support/screens.ts';

const LANGUAGES = ['en', 'zh-CN'] as const;
const USUAL_SIZE = { width: USUAL_LOOK.width, height: USUAL_LOOK.height };
/** Together they have each size in light and in dark. */
const VIEWS = {
  en: [
    { ...LEAST_SIZE, colorScheme: 'light' },
    { ...USUAL_SIZE, colorScheme: 'dark' },
  ],
  'zh-CN': [
    { ...LEAST_SIZE, colorScheme: 'dark' },
    { ...USUAL_SIZE, colorScheme: 'light' },
  ],
} as const;

describe('the screens of the desktop app', { timeout: 900_000, concurrency: 2 }, () => {
  let preview: RendererPreview;

  before(async () => {
    preview = await startRendererPreview();
  });
  after(() => preview?.close());

  for (const screen of SCREENS) {
    for (const language of LANGUAGES) {
      test(`${screen.name} in ${language} is accessible and shows all of its text`, async () => {
        const { page, complaints } = await open(screen, language);
        const problems: string[] = [];
        for (const view of VIEWS[language]) {
          await turnTo(page, view);
          const where = `${view.colorScheme} at ${view.width}`;
          const found = [...(await findViolations(page)), ...(await findCutTexts(page))];
          problems.push(...found.map((problem) => `${where}: ${problem}`));
        }
        // the pictures and films of the examples do not exist
        problems.push(...complaints.filter((complaint) => !complaint.includes('Failed to load resource')));
        assert.deepEqual(problems, []);
        await page.close();
      });
    }
  }

  async function open(screen: Screen, language: Look['language']) {
    const [view] = VIEWS[language];
    const opened = await preview.open(screen.state, { ...view, language });
    await opened.page.route('https://api.example/**', (route) => route.abort());
    await screen.reach?.(opened.page, (english, chinese) => (language === 'en' ? english : chinese));
    return opened;
  }
});

/** Shows the page at another size and in another scheme, and waits until it has come to rest. */
async function turnTo(page: Page, { width, height, colorScheme }: Omit<Look, 'language'>): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  // not Playwright's own way of waiting, which the page's policy forbids
  await waitFor(`the page in ${colorScheme}`, () =>
    page.evaluate<boolean>(`
      document.documentElement.dataset.mantineColorScheme === '${colorScheme}' &&
      document.getAnimations().every(({ timeline, playState, effect }) =>
        timeline !== document.timeline || playState !== 'running' ||
        effect.getComputedTiming().iterations === Infinity)
    `),
  );
}

/**
 * Texts that are cut off without an ellipsis, and elements that stick out of the window; what is hidden for all but
 * screen readers is left aside.
 */
function findCutTexts(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const found = [];
    if (document.documentElement.scrollWidth > innerWidth) found.push('the page is wider than the window');
    for (const element of document.querySelectorAll('body *')) {
      const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
      if (!text || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      const box = element.getBoundingClientRect();
      if (element.closest('.visually-hidden, [aria-hidden="true"]') || box.width <= 1) continue;
      const style = getComputedStyle(element);
      const about = element.tagName + ' "' + element.textContent.trim().slice(0, 60) + '"';
      const cuts = style.overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1;
      if (cuts && style.textOverflow !== 'ellipsis' && style.overflowX !== 'auto') found.push('cut: ' + about);
      // what is longer than a line that ends with an ellipsis is behind that
      const hidden = getComputedStyle(element.parentElement).textOverflow === 'ellipsis';
      if (!hidden && (box.right > innerWidth + 1 || box.left < -1)) found.push('outside: ' + about);
    }
    return found;
  })()`);
}
