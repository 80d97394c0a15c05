import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, open, openSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { queryObjects } from 'node:v8';
import { createDiskStore, type DiskStore } from '@reelmill/shared/drivers/diskStore.ts';
import { type Listener, openListener } from '../../server/src/http/listener.ts';
import { makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';

/*
 * What a server holds in memory for a connection whose client, or whose disk, is slow. It does so thousands of times at once.
 */

const KIB = 1024;
const SENT_BYTES = 1024 * KIB;
/** What the system hands over at once. */
const PIECE_BYTES = 64 * KIB;
const MIB = 1024 * KIB;
const FILM_BYTES = 48 * MIB;
const READ_BYTES = 32 * MIB;
/** Of libuv. */
const POOL_THREADS = 4;

let folder: TemporaryFolder;
let store: DiskStore;
let listener: Listener;
let received: IncomingMessage | undefined;
const clients: Socket[] = [];
before(async () => {
  folder = await makeTemporaryFolder('unread-bodies');
  store = await createDiskStore({
    root: path.join(folder.path, 'objects'),
    signingSecret: 'a secret of this test',
    baseUrls: () => ({ public: urlOf('/store'), internal: urlOf('/store') }),
  });
  listener = await openListener('127.0.0.1', 0, { maxConnections: 0, maxPerAddress: 0 });
  listener.serve((request, response) => {
    if (request.url === '/ping') return void response.end();
    received = request;
    if (!request.url?.startsWith('/store')) return;
    request.url = request.url.slice('/store'.length);
    void store.handle(request, response);
  });
});
after(async () => {
  for (const client of clients) client.destroy();
  await listener.close();
  await store.close();
  await folder.remove();
});

const urlOf = (name: string): string => `http://127.0.0.1:${listener.port}${name}`;

/** Begins a PUT, with as much of its body; returns the request as the server has it, and how to send the rest. */
async function beginPut(url: string, bodyBytes = 0) {
  received = undefined;
  const client = connect(listener.port, '127.0.0.1');
  clients.push(client);
  client.on('error', () => {});
  const { pathname, search } = new URL(url);
  const head = `PUT ${pathname}${search} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${SENT_BYTES}\r\n\r\n`;
  client.write(Buffer.concat([Buffer.from(head), Buffer.alloc(bodyBytes)]));
  const request = await waitFor('the request', () => received);
  return { request, client, send: () => client.write(Buffer.alloc(SENT_BYTES - bodyBytes)) };
}

/** The server has read from every connection that it wants to read from, and more than once. */
async function afterManyTurns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) {
    const [response] = await once(get(urlOf('/ping'), { agent: false }), 'response');
    response.resume();
    await once(response, 'end');
  }
}

test('of a body that nobody reads, one piece is taken', async () => {
  // the headers come with its first bytes, which leaves room for another piece in a buffer of 64 KiB
  const { request, send } = await beginPut(urlOf('/anything'), PIECE_BYTES - KIB);
  send();
  await waitFor('a piece', () => request.readableLength > 0);
  await afterManyTurns();
  assert.ok(request.readableLength < PIECE_BYTES + 16 * KIB, `${request.readableLength} bytes`);
});

test('of an upload whose file cannot be opened yet, nothing is taken; then it is stored', async () => {
  const fifo = path.join(folder.path, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const url = await store.signPut('raw/1/film', { audience: 'public', expiresSeconds: 60 });
  // a disk that stands still: whoever opens a file waits for these, until somebody writes
  const waiting = Array.from({ length: POOL_THREADS }, () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    open(fifo, 'r', (_error, file) => {
      closeSync(file);
      resolve();
    });
    return promise;
  });
  const { request, client, send } = await beginPut(url);
  try {
    send();
    await afterManyTurns();
    assert.equal(request.readableLength, 0);
  } finally {
    closeSync(openSync(fifo, 'w'));
    await Promise.all(waiting);
  }
  const [response] = await once(client, 'data');
  assert.match(String(response), /^HTTP\/1\.1 200 /);
  assert.equal((await store.stat('raw/1/film'))?.sizeBytes, SENT_BYTES);
});

/** Asks for a film, and takes so much of it. */
async function readFilm(url: string, bytes: number): Promise<void> {
  const client = connect(listener.port, '127.0.0.1');
  clients.push(client);
  client.on('error', () => {});
  const { pathname, search } = new URL(url);
  client.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  for (let taken = 0; taken < bytes; ) {
    await once(client, 'readable');
    for (let chunk = client.read(); chunk !== null && taken < bytes; chunk = client.read())
      taken += chunk.length;
  }
}

/** In this process, after a collection. */
const countPromises = (): number => Number(queryObjects(Promise, { format: 'count' }));

test('of what a reader has taken, nothing is held', async () => {
  const film = Buffer.alloc(FILM_BYTES);
  await store.put('raw/2/film', film, { contentType: 'video/mp4', sizeBytes: FILM_BYTES });
  const url = await store.signGet('raw/2/film', { audience: 'public', expiresSeconds: 60 });
  // whoever comes after these reads small pieces
  for (let reader = 0; reader < 4; reader++) await readFilm(url, KIB);
  const promises = countPromises();
  await readFilm(url, READ_BYTES);
  const kept = countPromises() - promises;
  assert.ok(kept < 100, `${kept} promises`);
});
