import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

const SERIOUS = new Set(['serious', 'critical']);

/** The serious problems of a page without frames, or of a part of it, each with an element that has it. */
export async function findViolations(page: Page, part?: string): Promise<string[]> {
  // a program of half a megabyte, which a page keeps from one look to the next
  const loaded = await page.evaluate<boolean>("typeof axe === 'object'");
  const axe = new AxeBuilder({ page, ...(loaded ? { axeSource: 'axe' } : {}) })
    // its usual mode opens a second page each time, and describes all that is well, too
    .setLegacyMode()
    .options({ resultTypes: ['violations'] });
  const { violations } = await (part === undefined ? axe : axe.include(part)).analyze();
  return violations
    .filter(({ impact }) => SERIOUS.has(impact ?? ''))
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, any }) => `${id}: ${html.slice(0, 200)} ${any[0]?.message ?? ''}`),
    );
}
