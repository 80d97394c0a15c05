/**
 * The app's page with made-up data, for work on how it looks: no server, changes appear at once.
 *
 *   npm run dev:screens       then open ?screen=NAME, where the name is that of a screenshot
 */
import type { Plugin } from 'vite';
import { servePage } from '../../scripts/dev/servePage.ts';
import { drawCover } from './covers.ts';
import { installPreviewBridge } from './previewBridge.ts';
import { SCREENS } from './screens.ts';

const FIRST_SCREEN = 'queue';

await servePage(previewPlugin(), { port: Number(process.env.PAGE_PORT || '5174') });
console.log(`  ?screen=${SCREENS.map(({ name }) => name).join(' ')}`);

function previewPlugin(): Plugin {
  return {
    name: 'reelmill-preview',
    configureServer({ middlewares }) {
      middlewares.use('/covers', ({ url = '' }, response) => {
        const number = Number(/^\/(\d+)\.svg/.exec(url)?.[1] ?? 0);
        response.setHeader('content-type', 'image/svg+xml').end(drawCover(number));
      });
    },
    transformIndexHtml(_, { originalUrl = '/' }) {
      const name = new URL(originalUrl, 'http://page').searchParams.get('screen') ?? FIRST_SCREEN;
      const screen = SCREENS.find((one) => one.name === name);
      if (screen === undefined) throw new Error(`there is no screen ${name}`);
      // no data can end the script
      const state = JSON.stringify(screen.state).replaceAll('<', '\\u003c');
      return [{ tag: 'script', children: `(${installPreviewBridge})(${state})`, injectTo: 'head-prepend' }];
    },
  };
}
