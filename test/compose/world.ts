import { randomBytes } from 'node:crypto';
import { startProcess } from '../support/processes.ts';
import { runCommand } from './command.ts';

const PORT = 7777;

/** A machine beyond this one that listens for connections. */
export interface World {
  /** `host:port` */
  readonly address: string;
  close(): Promise<void>;
}

/** A network namespace behind this machine: who reaches it can be forwarded out of Docker's networks. */
export async function openWorld(): Promise<World> {
  const name = `world-${randomBytes(2).toString('hex')}`;
  const [near, far] = [`${name}-n`, `${name}-f`];
  const ip = (...args: string[]) => runCommand('ip', args);
  const inside = (...args: string[]) => ip('netns', 'exec', name, 'ip', ...args);
  const listen = `require('node:net').createServer((socket) => socket.end()).listen(${PORT}, () => console.log('listening'))`;
  await ip('netns', 'add', name);
  // takes both ends of the cable with it
  const close = async (): Promise<void> => {
    await ip('netns', 'delete', name);
  };
  try {
    await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name);
    await ip('address', 'add', '198.18.77.1/30', 'dev', near);
    await ip('link', 'set', near, 'up');
    await inside('address', 'add', '198.18.77.2/30', 'dev', far);
    await inside('link', 'set', far, 'up');
    await inside('route', 'add', 'default', 'via', '198.18.77.1');
    const server = startProcess('ip', ['netns', 'exec', name, process.execPath, '-e', listen]);
    await server.waitForLine(/listening/);
    return {
      address: `198.18.77.2:${PORT}`,
      close: async () => {
        await server.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
