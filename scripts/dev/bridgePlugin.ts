import path from 'node:path';
import type { Plugin } from 'vite';
import type { DevApp } from './app.ts';

const PAGE_SCRIPT = path.join(import.meta.dirname, 'pageBridge.ts');

/** Connects the page with the app over Vite's own socket, which takes only pages of this dev server. */
export function bridgePlugin(app: DevApp): Plugin {
  return {
    name: 'reelmill-bridge',
    configureServer({ ws }) {
      ws.on('reelmill:call', ({ id, name, args }, client) => {
        void app.call(name, args).then((result) => client.send('reelmill:result', { id, result }));
      });
      app.onEvent((event, payload) => ws.send('reelmill:event', { event, payload }));
    },
    transformIndexHtml: () => [
      // before the page's own script: modules run in their order
      { tag: 'script', attrs: { type: 'module', src: `/@fs${PAGE_SCRIPT}` }, injectTo: 'head' },
    ],
  };
}
