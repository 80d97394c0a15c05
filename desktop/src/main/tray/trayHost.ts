import { spawn } from 'node:child_process';
import { readLines } from '@reelmill/shared/runtime/programOutput.ts';

const WATCHER = 'org.kde.StatusNotifierWatcher';
const REPLY_TIMEOUT_MS = 2_000;
const OUTPUT_LIMITS = { maxLineBytes: 4_096, maxBytes: 64 * 1024 };

/** Each exits with 0 and prints `true` where a program on the session's bus shows tray icons. */
const QUERIES: readonly (readonly [string, ...string[]])[] = [
  [
    'gdbus',
    ...['call', '--session', '--dest', 'org.freedesktop.DBus', '--object-path', '/org/freedesktop/DBus'],
    ...['--method', 'org.freedesktop.DBus.NameHasOwner', WATCHER],
  ],
  [
    'dbus-send',
    ...['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/org/freedesktop/DBus'],
    ...['org.freedesktop.DBus.NameHasOwner', `string:${WATCHER}`],
  ],
];

/**
 * Whether an icon in the tray would be visible. Electron creates one in any case, but many Linux desktops do not show it:
 * a window that hides there could not be brought back. Returns false where that cannot be found out.
 */
export async function isTrayShown(platform: NodeJS.Platform = process.platform): Promise<boolean> {
  if (platform !== 'linux') return true;
  for (const [program, ...args] of QUERIES) {
    const output = await run(program, args);
    if (output !== null) return /\btrue\b/.test(output);
  }
  return false;
}

/** Returns what a program printed; null where it is missing or failed. */
function run(program: string, args: readonly string[]): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: REPLY_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const printed: string[] = [];
  readLines(child.stdout, OUTPUT_LIMITS, {
    onLine: (line) => printed.push(line),
    onFlood: () => child.kill('SIGKILL'),
  });
  child.once('error', () => resolve(null));
  child.once('close', (code) => resolve(code === 0 ? printed.join('\n') : null));
  return promise;
}
