/**
 * The app's page on Vite's dev server, with the services of the app's main process behind it, or with made-up data
 * (`--preview`). A process of `npm run dev`, which says by the environment where things are.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createPrivateFilesOnly } from '@reelmill/shared/runtime/privateFiles.ts';
import react from '@vitejs/plugin-react';
import { createServer, type Plugin } from 'vite';
import { openApp } from './app.ts';
import { bridgePlugin } from './bridgePlugin.ts';
import { previewPlugin } from './previewPlugin.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** What the page is made of. */
const SERVED = ['desktop', 'shared', 'scripts/dev', 'node_modules'];
const { PAGE_PORT = '', DEV_FOLDER = '', DEV_SERVER = '' } = process.env;

const { preview } = parseArgs({ options: { preview: { type: 'boolean', default: false } } }).values;
createPrivateFilesOnly();
const app = preview ? null : await openApp({ folder: DEV_FOLDER, serverUrl: DEV_SERVER });
const server = await serve(app === null ? previewPlugin() : bridgePlugin(app));
server.printUrls();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);

async function serve(bridge: Plugin) {
  const vite = await createServer({
    configFile: false,
    root: path.join(ROOT, 'desktop/src/renderer'),
    cacheDir: path.join(ROOT, 'node_modules/.vite/page'),
    plugins: [react(), bridge],
    clearScreen: false,
    server: {
      host: '127.0.0.1',
      port: Number(PAGE_PORT),
      strictPort: true,
      // not the data folder, which holds the secrets of the server
      fs: { allow: SERVED.map((folder) => path.join(ROOT, folder)) },
    },
  });
  return vite.listen();
}

function stop(): void {
  void Promise.all([server.close(), app?.close()]).then(() => process.exit(0));
}
