/**
 * Writes the table of configuration variables into `docs/configuration.md`, from the schema that validates them:
 *
 *   npm run docs:config
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { listConfigVariables } from '@reelmill/shared/runtime/config.ts';

export const CONFIG_PAGE = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));
const PLACE = /(?<=<!-- configuration -->\n).*(?=\n<!-- \/configuration -->)/s;

/** Returns the table, without a line break at its end. */
export function formatConfigTable(): string {
  const rows = listConfigVariables().map(
    ({ name, default: value, description }) =>
      `| \`${name}\` | ${value && `\`${value}\``} | ${description.replaceAll('|', '\\|')} |`,
  );
  return ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

/** Returns the page with the table of today. Throws where the page has no place for it. */
export function withConfigTable(page: string): string {
  if (!PLACE.test(page)) throw new Error('the page has no comments that mark the place of the table');
  return page.replace(PLACE, () => formatConfigTable());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(CONFIG_PAGE, withConfigTable(await readFile(CONFIG_PAGE, 'utf8')));
}
