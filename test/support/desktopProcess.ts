/*
 * The services of the app in a process of their own, to be killed: signs in, adds files and reports their progress.
 * Arguments: the folder of the app, the server, e-mail address, password, bytes per second, files.
 */
import { startServices } from './desktopServices.ts';

const [folder = '', serverUrl = '', email = '', password = '', rate = '', ...files] = process.argv.slice(2);
const { queue, session, settings } = await startServices(folder);
await settings.set({ bytesPerSecond: Number(rate) });
await session.signIn({ serverUrl, email, password });
await queue.add(files);
setInterval(() => {
  const bytes = queue.uploads.reduce((sum, upload) => sum + upload.acknowledgedBytes, 0);
  process.stdout.write(`acknowledged ${bytes}\n`);
}, 50);
