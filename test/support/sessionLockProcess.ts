/** Takes the lock of a session file when it is told to: `hold` keeps it, `count` adds one to the number in a file. */
import { readFile, writeFile } from 'node:fs/promises';
import { SessionFile } from '@reelmill/desktop/node/sessionFile.ts';

const [sessionFile = '', counterFile = ''] = process.argv.slice(2);
const session = new SessionFile(sessionFile);

process.on('message', (told) => {
  void session.exclusively(async () => {
    if (told === 'count') {
      const count = Number(await readFile(counterFile, 'utf8'));
      await writeFile(counterFile, String(count + 1));
    }
    process.send?.(told);
    if (told === 'hold') await new Promise(() => undefined);
  });
});
process.send?.('ready');
