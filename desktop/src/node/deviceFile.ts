import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { DeviceAccount, DeviceTokens } from '../engine/api/deviceTokens.ts';
import { writeFileAtomically } from './atomicFile.ts';

/** The tokens of the accounts used last are kept. */
const MAX_ACCOUNTS = 20;

const fileSchema = z.object({
  v: z.literal(1),
  devices: z.array(z.object({ serverUrl: z.string(), email: z.string(), token: z.string() })),
});
type Device = z.infer<typeof fileSchema>['devices'][number];

/** The tokens in a file that only its owner may read. */
export class DeviceFile implements DeviceTokens {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async load(account: DeviceAccount): Promise<string | null> {
    const devices = await this.#read();
    return devices.find((device) => isOf(device, account))?.token ?? null;
  }

  async save(account: DeviceAccount, token: string): Promise<void> {
    const others = (await this.#read()).filter((device) => !isOf(device, account));
    const { serverUrl, email } = account;
    const devices = [{ serverUrl, email, token }, ...others].slice(0, MAX_ACCOUNTS);
    const text = `${JSON.stringify({ v: 1, devices }, null, 2)}\n`;
    // without the token, the next login is one from a new device
    await writeFileAtomically(this.#path, text).catch(() => undefined);
  }

  async #read(): Promise<Device[]> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    try {
      return fileSchema.parse(JSON.parse(text)).devices;
    } catch {
      return [];
    }
  }
}

function isOf(device: Device, { serverUrl, email }: DeviceAccount): boolean {
  return device.serverUrl === serverUrl && device.email === email;
}
