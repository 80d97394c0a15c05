/**
 * The app's page on Vite's dev server, with the services of the app's main process behind it. A process of `npm run dev`,
 * which says by the environment where things are.
 */
import { setPrivateUmask } from '@reelmill/shared/runtime/filePermissions.ts';
import { openApp } from './app.ts';
import { bridgePlugin } from './bridgePlugin.ts';
import { servePage } from './servePage.ts';

const { PAGE_PORT = '', DEV_FOLDER = '', DEV_SERVER = '' } = process.env;

setPrivateUmask();
const app = await openApp({ folder: DEV_FOLDER, serverUrl: DEV_SERVER });
await servePage(bridgePlugin(app), { port: Number(PAGE_PORT), close: () => app.close() });
