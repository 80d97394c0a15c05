import path from 'node:path';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { type ApiUser, DocumentedApi } from './apiClient.ts';
import { type BuiltApp, startDesktopApp } from './desktopApp.ts';
import { type FlakyProxy, startFlakyProxy } from './flakyProxy.ts';
import { findFreePort, makeTemporaryFolder } from './processes.ts';
import { startTestServer, type TestServer } from './server.ts';
import { ADMIN, PROFILE_ENV } from './standaloneProfile.ts';
import { startVirtualScreen, type VirtualScreen } from './virtualScreen.ts';

const LOOK_MS = 2_000;

/** A standalone server with its worker, and a screen for the apps of its users. */
export interface DesktopWorld {
  readonly server: TestServer;
  /** Everything reaches the server through it. */
  readonly proxy: FlakyProxy;
  readonly screen: VirtualScreen;
  /** For files of the tests. */
  readonly folder: string;
  readonly api: DocumentedApi;
  readonly admin: { email: string; password: string };
  /** Where the app of a user keeps its data. */
  dataOf(name: string): string;
  signUp(name: string): Promise<ApiUser>;
  /** Starts the app with what it kept when it was started under this name before. */
  start(name: string, args?: readonly string[]): Promise<BuiltApp>;
  /** Ends the apps that still run; prints their last lines where a test failed. */
  endTest(passed: boolean): Promise<void>;
  stop(): Promise<void>;
}

export async function openDesktopWorld(): Promise<DesktopWorld> {
  const cleanupStack = new CleanupStack();
  const apps = new Set<BuiltApp>();
  try {
    const folder = await makeTemporaryFolder('desktop');
    cleanupStack.add('folder', () => folder.remove());
    const port = await findFreePort();
    const proxy = await startFlakyProxy(`http://127.0.0.1:${port}`);
    cleanupStack.add('proxy', () => proxy.close());
    const server = await startTestServer({
      env: { ...PROFILE_ENV, EMBEDDED_WORKER: 'true', PORT: String(port), PUBLIC_URL: proxy.url },
    });
    cleanupStack.add('server', () => server.stop());
    const screen = await startVirtualScreen();
    cleanupStack.add('screen', () => screen.stop());
    const api = await DocumentedApi.of(server.url);
    const dataOf = (name: string): string => path.join(folder.path, `data of ${name}`);
    const endTest = async (passed: boolean): Promise<void> => {
      for (const app of apps) {
        if (!passed) console.error(`the app said last:\n${app.lastLines()}\nand shows:\n${await look(app)}`);
        await app.kill();
      }
      if (!passed) console.error(`the server said last:\n${server.logLines().slice(-15).join('')}`);
      apps.clear();
    };
    return {
      ...{ server, proxy, screen, folder: folder.path, api, admin: ADMIN, dataOf, endTest },
      signUp: (name) => api.signUp(name),
      async start(name, args = []) {
        const app = await startDesktopApp({ dataDir: dataOf(name), screen, args });
        apps.add(app);
        return app;
      },
      async stop() {
        await endTest(true);
        await cleanupStack.release();
      },
    };
  } catch (error) {
    await cleanupStack.release();
    throw error;
  }
}

/** What its window shows, as far as it still does. */
function look({ page }: BuiltApp): Promise<string> {
  return page
    .locator('body')
    .ariaSnapshot({ timeout: LOOK_MS })
    .catch((error: unknown) => String(error));
}
