import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { errorResponseSchema } from '@reelmill/shared/contracts/errors.ts';
import { createDiskStore, type DiskStore } from '@reelmill/shared/drivers/diskStore.ts';
import { deriveSecrets } from '../../server/src/context/secrets.ts';
import { makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { type ServerProcess, startServerProcess } from '../support/server.ts';

const SECRET = randomBytes(32).toString('hex');
const MIB = 1024 * 1024;
const SEGMENT_KEY = 'processed/1/hls_720p/seg_1_00000.m4s';
const FILM_KEY = 'processed/1/hls_720p/film.mp4';
const SEGMENT = randomBytes(225_000);
const FILM_BYTES = 64 * MIB;
const SENT_BYTES = 2 * MIB;
const MAX_MEMORY_MIB = 350;

describe('a server with two thousand connections', () => {
  let folder: TemporaryFolder;
  let server: ServerProcess;
  let store: DiskStore;
  const sockets = new Set<Socket>();

  before(async () => {
    folder = await makeTemporaryFolder('connections');
    server = await startServerProcess({
      REELMILL_DATA: folder.path,
      JWT_SECRET: SECRET,
      MAX_CONNECTIONS: '2000',
      EMBEDDED_WORKER: 'false',
    });
    // signs what the server's own store signs, and writes where it reads
    const base = `${server.url}/store`;
    store = await createDiskStore({
      root: path.join(folder.path, 'objects'),
      signingSecret: deriveSecrets(SECRET).storeUrls,
      baseUrls: { public: base, internal: base },
    });
    for (const [key, body] of [
      [SEGMENT_KEY, SEGMENT],
      [FILM_KEY, Buffer.alloc(FILM_BYTES)],
    ] as const) {
      await store.put(key, body, { contentType: 'video/mp4', sizeBytes: body.length });
    }
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    await store.close();
    await server.stop();
    await folder.remove();
  });

  const SIGNED = { audience: 'public', expiresSeconds: 3600 } as const;
  const requestLine = (method: string, url: string) =>
    `${method} ${new URL(url).pathname}${new URL(url).search} HTTP/1.1\r\nHost: localhost\r\n`;
  const requestFor = async (key: string) => `${requestLine('GET', await store.signGet(key, SIGNED))}\r\n`;

  async function openSocket(): Promise<Socket> {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // the server cuts them off at the end
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  }

  /** Fetches the segment `times` times over one connection, as fast as it comes. */
  async function readOften(times: number): Promise<void> {
    const socket = await openSocket();
    socket.write((await requestFor(SEGMENT_KEY)).repeat(times));
    let receivedBytes = 0;
    for await (const chunk of socket) {
      receivedBytes += chunk.length;
      if (receivedBytes >= SEGMENT.length * times) return;
    }
    assert.fail(`a reader was cut off after ${receivedBytes} bytes`);
  }

  /** Asks for the whole film and takes none of it. */
  async function readNothing(): Promise<void> {
    const socket = await openSocket();
    socket.pause();
    socket.write(await requestFor(FILM_KEY));
  }

  /** Sends an object as fast as the server takes it, or its beginning and then nothing. */
  async function send(name: string, sentBytes: number): Promise<void> {
    const socket = await openSocket();
    socket.resume();
    const line = requestLine('PUT', await store.signPut(`raw/1/${name}`, SIGNED));
    socket.write(`${line}Content-Length: ${SENT_BYTES}\r\n\r\n`);
    const piece = Buffer.alloc(256 * 1024);
    for (let sent = 0; sent < sentBytes; sent += piece.length) {
      if (!socket.write(piece)) await once(socket, 'drain');
    }
  }

  /** Over a connection of its own. */
  async function request(url: string) {
    // what this event passes
    const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
    return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
  }

  /** The most that the process ever had in memory, in MiB. */
  async function peakMemory(): Promise<number> {
    const status = await readFile(`/proc/${server.process.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
  }

  const times = (count: number, work: (index: number) => Promise<void>) =>
    Promise.all(Array.from({ length: count }, (_, index) => work(index)));

  test('stays below 350 MiB while they read and upload, fast and slow', async (context) => {
    const before = await peakMemory();
    await times(700, readNothing);
    await times(700, (index) => send(`slow-${index}`, 256 * 1024));
    await Promise.all([
      times(400, () => readOften(3)),
      times(150, (index) => send(`fast-${index}`, SENT_BYTES)),
    ]);
    const peak = await peakMemory();
    context.diagnostic(`at most ${Math.round(before)} MiB before, ${Math.round(peak)} MiB with them`);
    assert.ok(peak <= MAX_MEMORY_MIB, `${peak} MiB`);
  });

  test('reads the right bytes beside them, and tells the first one too many so', async () => {
    const { body } = await request(await store.signGet(SEGMENT_KEY, SIGNED));
    assert.deepEqual(body, SEGMENT);
    await times(2_060 - sockets.size, async () => void (await openSocket()));
    await waitFor('a refusal', async () => {
      const refused = await request(`${server.url}/healthz`);
      if (refused.status === 200) return false;
      assert.equal(refused.status, 503);
      assert.equal(refused.headers['retry-after'], '5');
      assert.equal(errorResponseSchema.parse(JSON.parse(refused.body.toString())).error.code, 'unavailable');
      return true;
    });
  });
});
