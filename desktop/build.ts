/**
 * Builds the desktop app into `desktop/dist`: `main.js` and `preload.cjs`, each one file, and the page of the window
 * under `renderer/`. Nothing of node_modules is needed afterwards.
 *
 *   npm run build:desktop
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { build, type InlineConfig } from 'vite';

const FOLDER = import.meta.dirname;
const OUTPUT = path.join(FOLDER, 'dist');
/** What the oldest supported Electron brings. */
const TARGETS = { node: 'node20', chromium: 'chrome130' };

export async function buildDesktop(): Promise<void> {
  await rm(OUTPUT, { recursive: true, force: true });
  await build(forNode('src/main/main.ts', 'main.js', 'es'));
  // a sandboxed preload script cannot be a module
  await build(forNode('src/preload/preload.ts', 'preload.cjs', 'cjs'));
  await build(forPage(path.join(OUTPUT, 'renderer')));
}

const SHARED: InlineConfig = { configFile: false, logLevel: 'warn', mode: 'production' };

function forNode(entry: string, name: string, format: 'es' | 'cjs'): InlineConfig {
  return {
    ...SHARED,
    root: FOLDER,
    publicDir: false,
    ssr: { noExternal: true },
    build: {
      ssr: path.join(FOLDER, entry),
      target: TARGETS.node,
      outDir: OUTPUT,
      emptyOutDir: false,
      minify: false,
      sourcemap: true,
      license: { fileName: `${name}.licenses.md` },
      rolldownOptions: {
        external: ['electron'],
        output: { format, entryFileNames: name, codeSplitting: false },
      },
    },
  };
}

function forPage(outDir: string): InlineConfig {
  return {
    ...SHARED,
    root: path.join(FOLDER, 'src/renderer'),
    base: './',
    plugins: [react()],
    build: {
      target: TARGETS.chromium,
      outDir,
      emptyOutDir: true,
      license: { fileName: 'licenses.md' },
      // everything is read from the disk beside it
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 2_000,
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildDesktop();
