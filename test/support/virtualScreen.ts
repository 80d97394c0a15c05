import { startProcess } from './processes.ts';

const SIZE = '1600x1000x24';

/** The environment of a program that opens windows, so that nobody sees or hears it. */
export interface VirtualScreen {
  readonly env: Readonly<Record<string, string | undefined>>;
  stop(): Promise<void>;
}

/** On Linux an X server without a picture; elsewhere there is only the screen of the machine. */
export async function startVirtualScreen(): Promise<VirtualScreen> {
  if (process.platform !== 'linux') return { env: {}, stop: async () => {} };
  // it chooses a free number and prints it
  const server = startProcess(
    'Xvfb',
    ['-displayfd', '1', '-screen', '0', SIZE, '-nolisten', 'tcp', '-noreset'],
    { name: 'Xvfb' },
  );
  try {
    const display = await server.waitForLine(/^\d+$/);
    return {
      env: { DISPLAY: `:${display}`, WAYLAND_DISPLAY: undefined, XDG_SESSION_TYPE: 'x11' },
      stop: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
