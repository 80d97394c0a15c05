import path from 'node:path';
import react from '@vitejs/plugin-react';
import { createServer, type Plugin, type ViteDevServer } from 'vite';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** What the page is made of. */
const SERVED = ['desktop', 'shared', 'scripts/dev', 'node_modules'];

/**
 * Serves the app's page from its sources on a port of loopback, until the process is stopped; `bridge` gives it what
 * the preload script does in the app. Changes appear at once. `close` is called at the end. Throws where the port is in use.
 */
export async function servePage(
  bridge: Plugin,
  { port, close }: { port: number; close?: () => Promise<void> },
): Promise<ViteDevServer> {
  const vite = await createServer({
    configFile: false,
    root: path.join(ROOT, 'desktop/src/renderer'),
    // of its own: two servers with one cache undo each other's work
    cacheDir: path.join(ROOT, 'node_modules/.vite', `page-${port}`),
    plugins: [react(), bridge],
    clearScreen: false,
    server: {
      host: '127.0.0.1',
      port,
      strictPort: true,
      // not the data folder, which holds the secrets of the server
      fs: { allow: SERVED.map((folder) => path.join(ROOT, folder)) },
    },
  });
  await vite.listen();
  vite.printUrls();
  const stop = (): void => void Promise.all([vite.close(), close?.()]).then(() => process.exit(0));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  return vite;
}
