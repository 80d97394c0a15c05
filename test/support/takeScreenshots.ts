/**
 * Pictures of every screen, light and dark, English and Chinese, at the usual and at the least size of the window:
 *
 *   npm run screenshots [-- FOLDER [SCREEN...]]
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  LEAST_SIZE,
  type Look,
  type RendererPreview,
  startRendererPreview,
  USUAL_LOOK,
} from './rendererPreview.ts';
import { SCREENS, type Screen } from './screens.ts';

const [folder = 'test/.results/screens', ...names] = process.argv.slice(2);
const LOOKS: readonly Look[] = (['en', 'zh-CN'] as const).flatMap((language) =>
  (['light', 'dark'] as const).flatMap((colorScheme) => [
    { ...USUAL_LOOK, language, colorScheme },
    { language, colorScheme, ...LEAST_SIZE },
  ]),
);

await mkdir(folder, { recursive: true });
const preview = await startRendererPreview();
try {
  for (const screen of SCREENS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    for (const look of LOOKS) await shoot(preview, screen, look);
  }
} finally {
  await preview.close();
}

async function shoot({ open }: RendererPreview, screen: Screen, look: Look): Promise<void> {
  const { page, complaints } = await open(screen.state, look);
  const words = (english: string, chinese: string) => (look.language === 'en' ? english : chinese);
  await screen.reach?.(page, words);
  const file = `${screen.name}-${look.language}-${look.colorScheme}-${look.width}.png`;
  await page.screenshot({ path: path.join(folder, file), animations: 'disabled' });
  for (const complaint of complaints) process.stderr.write(`${file}: ${complaint}\n`);
  await page.close();
}
