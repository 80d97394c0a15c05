import type { Plugin } from 'vite';
import { drawCover } from '../../test/support/covers.ts';
import { installPreviewBridge } from '../../test/support/previewBridge.ts';
import { SCREENS } from '../../test/support/screens.ts';

const FIRST_SCREEN = 'queue';

/** Shows made-up data in the page: those of the screen that `?screen=` names. */
export function previewPlugin(): Plugin {
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
      if (screen === undefined)
        throw new Error(`no such screen; there are: ${SCREENS.map((one) => one.name)}`);
      // no data can end the script
      const state = JSON.stringify(screen.state).replaceAll('<', '\\u003c');
      return [{ tag: 'script', children: `(${installPreviewBridge})(${state})`, injectTo: 'head-prepend' }];
    },
  };
}
