/**
 * The page of the window in a browser, without Electron: built as it is, under its own content security policy, with
 * a main process that replies from data.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import type { Page } from 'playwright-core';
import { APP_ORIGIN, servePageRequest } from '../../desktop/src/main/window/pageRequests.ts';
import { startBrowser } from './browser.ts';
import { drawCover } from './covers.ts';
import { buildWhereNeeded, PAGE_FOLDER } from './desktopBuild.ts';
import { installPreviewBridge } from './previewBridge.ts';
import type { PreviewState } from './previewState.ts';

/** How a screen is looked at. */
export interface Look {
  language: 'en' | 'zh-CN';
  colorScheme: 'light' | 'dark';
  width: number;
  height: number;
}

export const USUAL_LOOK: Look = { language: 'en', colorScheme: 'light', width: 1280, height: 800 };
export const LEAST_SIZE = { width: 760, height: 520 };

export interface RendererPreview {
  /** Opens the page with this state; `complaints` is what its console calls errors and warnings. */
  open(state: PreviewState, look?: Partial<Look>): Promise<{ page: Page; complaints: string[] }>;
  close(): Promise<void>;
}

/** Builds the app where it is not up to date, and starts a browser, which is gone when the preview is closed. */
export async function startRendererPreview(): Promise<RendererPreview> {
  const cleanupStack = new CleanupStack();
  try {
    await buildWhereNeeded();
    const server = createServer((request, response) => {
      respond(request, response, PAGE_FOLDER).catch((error: unknown) => response.destroy(error as Error));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanupStack.add('server', () => void server.close());
    cleanupStack.add('connections', () => server.closeAllConnections());
    const browser = await startBrowser();
    cleanupStack.add('browser', () => browser.close());
    // the server listens on a port
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`;
    return {
      open: (state, look = {}) => openPage(url, state, { ...USUAL_LOOK, ...look }),
      close: () => cleanupStack.release(),
    };

    async function openPage(address: string, state: PreviewState, { language, ...view }: Look) {
      const shown = { ...state, info: { ...state.info, language } };
      const opened = await browser.open(address, {
        ...view,
        // pictures of what has come to rest
        reducedMotion: 'reduce',
        prepare: async (page) => {
          await page.addInitScript(installPreviewBridge, shown);
        },
      });
      await opened.page.locator('h1').first().waitFor();
      return opened;
    }
  } catch (error) {
    await cleanupStack.release();
    throw error;
  }
}

/** Responds as the app's own protocol would, and with pictures for covers. */
async function respond(request: IncomingMessage, response: ServerResponse, folder: string): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://page');
  if (pathname === '/favicon.ico') {
    response.writeHead(204).end();
    return;
  }
  const cover = /^\/covers\/(\d+)\.svg$/.exec(pathname)?.[1];
  if (cover !== undefined) {
    response.setHeader('content-type', 'image/svg+xml').end(drawCover(Number(cover)));
    return;
  }
  const found = await servePageRequest(
    { url: `${APP_ORIGIN}${pathname}`, method: request.method ?? 'GET' },
    { folder, mediaOrigins: () => ['https://api.example'] },
  );
  response.writeHead(found.status, Object.fromEntries(found.headers));
  response.end(Buffer.from(await found.arrayBuffer()));
}
