import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import {
  openSourceReader,
  type SourceReader,
  type SourceReaderOptions,
} from '../../worker/src/source/sourceReader.ts';
import { type FaultyStore, type StoreTrouble, startFaultyStore } from '../support/faultyStore.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { waitFor } from '../support/processes.ts';
import { sampleFile } from '../support/samples.ts';
import { runSpec } from '../support/transcode.ts';

const ETAG = 'the-inspected-one';
const content = randomBytes(3 * 1024 * 1024 + 17);
const logger = createLogger({ level: 'silent', name: 'test' });
const timing = { outageMs: 600, silenceMs: 200, backoff: { baseMs: 5, maxMs: 20 } };

let media: MediaStore;
let store: FaultyStore;
let reader: SourceReader | null = null;
before(async () => {
  media = await startMediaStore();
});
after(() => media.close());
afterEach(async () => {
  await reader?.close();
  await store?.close();
  reader = null;
});

async function open(
  troubleOf: (index: number) => StoreTrouble | undefined = () => undefined,
  options: Partial<SourceReaderOptions> = {},
): Promise<SourceReader> {
  store = await startFaultyStore(content, ETAG);
  store.setTroubles(troubleOf);
  const source = { key: 'raw/1/a.mp4', sizeBytes: content.length, etag: ETAG };
  reader = await openSourceReader({ store, source, logger, withSocket: false, timing, ...options });
  return reader;
}

/** Rejects where the response is cut short. */
async function read(url: string, range?: string, method = 'GET') {
  const response = await fetch(url, { method, ...(range === undefined ? {} : { headers: { range } }) });
  return {
    status: response.status,
    headers: response.headers,
    body: Buffer.from(await response.arrayBuffer()),
  };
}

test('serves ranges, the whole and HEAD as a store does', async () => {
  const { url } = await open();
  const whole = await read(url);
  assert.equal(whole.status, 200);
  assert.equal(whole.headers.get('accept-ranges'), 'bytes');
  assert.ok(whole.body.equals(content));
  for (const [range, first, last] of [
    ['bytes=0-', 0, content.length - 1],
    ['bytes=100-199', 100, 199],
    [`bytes=${content.length - 1}-`, content.length - 1, content.length - 1],
    ['bytes=-5', content.length - 5, content.length - 1],
    ['bytes=5-99999999', 5, content.length - 1],
  ] as const) {
    const part = await read(url, range);
    assert.equal(part.status, 206, range);
    assert.equal(part.headers.get('content-range'), `bytes ${first}-${last}/${content.length}`);
    assert.equal(part.headers.get('content-length'), String(last - first + 1));
    assert.ok(part.body.equals(content.subarray(first, last + 1)), range);
  }
  const head = await read(url, undefined, 'HEAD');
  assert.equal(head.headers.get('content-length'), String(content.length));
  const beyond = await read(url, `bytes=${content.length}-`);
  assert.equal(beyond.status, 416);
  assert.equal(beyond.headers.get('content-range'), `bytes */${content.length}`);
  assert.equal(reader?.fault, null);
});

test('knows one path and reads only', async () => {
  const { url } = await open();
  for (const other of [new URL('/', url).href, `${url}/`, `${url}?x=1`, url.slice(0, -1)]) {
    assert.equal((await read(other)).status, 404, other);
  }
  assert.equal((await read(url, undefined, 'PUT')).status, 405);
  assert.equal(store.requests.length, 0);
  assert.ok(new URL(url).pathname.length > 32);
  assert.equal(new URL(url).hostname, '127.0.0.1');
});

const PASSING: Record<string, StoreTrouble> = {
  'breaks off': { resetAfter: 100_000 },
  'falls silent': { freezeAfter: 70_000 },
  'ends too early without having announced a length': { endAfter: 50_000 },
  'sends less than it announced': { announcesMore: true },
  'responds with 503': { status: 503 },
  'responds with 429': { status: 429 },
  'ignores the range': { ignoresRange: true },
  'sends another range': { shiftBy: 7 },
  'sends bytes once more that came before': { shiftBy: -7 },
  'repeats bytes in the middle': { repeatAt: 30_000 },
  'leaves out bytes in the middle': { dropAt: 30_000 },
  'says nothing of which content it sends': { withoutEtag: true },
};
for (const [name, trouble] of Object.entries(PASSING)) {
  test(`a store that ${name} three times is resumed at the byte`, async () => {
    const { url } = await open((index) => (index < 3 ? trouble : undefined));
    const first = 1000;
    const { body } = await read(url, `bytes=${first}-`);
    assert.ok(body.equals(content.subarray(first)));
    assert.equal(reader?.fault, null);
    assert.ok(store.requests.length > 1);
    // never the same byte twice: every request but those that brought nothing begins where the one before ended
    const begins = store.requests.map(({ range }) => Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1]));
    assert.deepEqual(
      begins,
      begins.toSorted((a, b) => a - b),
    );
  });

  test(`a store that ${name} for good is a fault`, async () => {
    // what it delivers counts as life: here it delivers nothing
    const dead = !['resetAfter', 'freezeAfter', 'endAfter', 'announcesMore'].some((cut) => cut in trouble);
    const { url } = await open((index) => (index === 0 || dead ? trouble : { freezeAfter: 0 }));
    await assert.rejects(read(url, 'bytes=1000-'));
    assert.equal(reader?.fault?.code, 'source_unreachable');
    assert.equal(reader?.fault?.retryable, true);
    assert.ok(reader?.faulted.aborted);
    await assert.rejects(async () => {
      assert.equal((await read(url)).status, 206);
    });
  });
}

test('a store that trickles is a fault, and counts as waited for', async () => {
  const begun = performance.now();
  const { url } = await open((index) => (index === 0 ? undefined : { trickles: true }));
  await assert.rejects(read(url, 'bytes=0-'));
  assert.equal(reader?.fault?.code, 'source_unreachable');
  assert.ok((reader?.waitedMs(begun) ?? 0) >= timing.outageMs);
  assert.equal(reader?.waitedMs(performance.now()), 0);
});

test('a store that serves a smaller range than asked for is asked for the rest', async () => {
  const { url } = await open(() => ({ atMost: 400_000 }));
  const { body } = await read(url, 'bytes=0-');
  assert.ok(body.equals(content));
  assert.equal(reader?.fault, null);
});

test('a URL that has expired is signed anew', async () => {
  const { url } = await open();
  await read(url, 'bytes=0-9');
  store.expireUrls();
  assert.ok((await read(url, 'bytes=10-19')).body.equals(content.subarray(10, 20)));
  assert.equal(reader?.fault, null);
});

test('other content is never spliced in, whether or not the store knows preconditions', async () => {
  const other = randomBytes(content.length);
  for (const trouble of [
    { content: other, etag: 'another-one' },
    { content: other, etag: 'another-one', ignoresPreconditions: true },
    { content: other.subarray(5), ignoresPreconditions: true },
    { content: content.subarray(0, 500) },
  ]) {
    const { url } = await open((index) => (index === 0 ? { resetAfter: 100_000 } : trouble));
    await assert.rejects(read(url, 'bytes=1000-'));
    assert.equal(reader?.fault?.code, 'source_changed', JSON.stringify(Object.keys(trouble)));
    assert.equal(reader?.fault?.retryable, false);
    await reader?.close();
    await store.close();
  }
});

test('a task that does not know what was inspected reads one content to its end', async () => {
  const source = { key: 'raw/1/a.mp4', sizeBytes: content.length };
  const { url } = await open((index) => (index < 1 ? undefined : { etag: 'another-one' }), { source });
  assert.ok((await read(url, 'bytes=0-9')).body.equals(content.subarray(0, 10)));
  assert.equal(store.requests[0]?.ifMatch, undefined);
  await assert.rejects(read(url, 'bytes=10-19'));
  assert.equal(store.requests[1]?.ifMatch, `"${ETAG}"`);
  assert.equal(reader?.fault?.code, 'source_changed');
});

test('a source that is gone is a fault at once', async () => {
  const { url } = await open(() => ({ status: 404 }));
  await assert.rejects(read(url));
  assert.equal(store.requests.length, 1);
  assert.equal(reader?.fault?.code, 'source_unreachable');
});

test('a range that the program abandons is no fault, and its connection to the store is closed', async () => {
  const { url } = await open((index) => (index === 0 ? undefined : { freezeAfter: 0 }));
  const request = get(url, { headers: { range: 'bytes=0-' } });
  // what this event passes
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  await once(response, 'data');
  response.on('error', () => undefined);
  request.destroy();
  await waitFor('the store is left alone', async () => store.openConnections === 0);
  assert.equal(reader?.fault, null);
});

test('ranges that are abandoned at any moment leave no timer and no connection behind', async () => {
  const { url } = await open();
  const { port, pathname } = new URL(url);
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  for (let round = 0; round < 200; round++) {
    const socket = connect(Number(port), '127.0.0.1');
    const first = round % 2 === 0 ? 0 : content.length - 400_000;
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: localhost\r\nRange: bytes=${first}-\r\n\r\n`);
    for (let chunks = 0; chunks < round % 7; chunks++) await once(socket, 'data');
    if (round % 3 === 0) socket.pause();
    if (round % 5 === 0) await turn();
    if (round % 4 === 0) socket.resetAndDestroy();
    else if (round % 4 === 1) socket.end();
    socket.destroy();
  }
  await waitFor('the store is asked no more', () => store.openConnections === 0 && timers() <= before);
});

test('a program that does not read holds the store back, and no memory', async () => {
  const large = Buffer.alloc(256 * 1024 * 1024, 'x');
  const { url } = await open(() => ({ content: large }), {
    source: { key: 'raw/1/a.mp4', sizeBytes: large.length, etag: ETAG },
  });
  const { port, pathname } = new URL(url);
  const before = process.memoryUsage().arrayBuffers;
  const slow = connect(Number(port), '127.0.0.1');
  slow.write(`GET ${pathname} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await waitFor('the store was asked', () => store.requests.length >= 1);
  const held = async () => process.memoryUsage().arrayBuffers - before;
  const begun = performance.now();
  // longer than the store may be silent: a slow program is not the store's fault
  await waitFor('time has passed', async () => performance.now() > begun + 3 * timing.outageMs);
  assert.ok((await held()) < 32 * 1024 * 1024, `${await held()}`);
  let bytes = 0;
  slow.on('data', (chunk) => {
    bytes += chunk.length;
  });
  await waitFor('all of it has come', async () => bytes > large.length, { timeoutMs: 60_000 });
  assert.equal(reader?.fault, null);
  slow.destroy();
});

test('serves no more at once than a task needs, over however many connections', async () => {
  const patient = { outageMs: 60_000, silenceMs: 60_000 };
  const { url, address } = await open(() => ({ freezeAfter: 1000 }), { withSocket: true, timing: patient });
  const { port, pathname } = new URL(url);
  const request = `GET ${pathname} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const endings: Record<string, () => Socket> = {
    tcp: () => connect(Number(port), '127.0.0.1'),
    unix: () => connect(address.socketPath ?? ''),
  };
  for (const [name, dial] of Object.entries(endings)) {
    store.requests.length = 0;
    let closed = 0;
    const sockets = Array.from({ length: 40 }, () => {
      const socket = dial().on('error', () => undefined);
      socket.on('close', () => closed++).resume();
      socket.write(request);
      return socket;
    });
    await waitFor('the others are closed', () => closed === 24 && store.requests.length === 16);
    for (const socket of sockets) socket.destroy();
    await waitFor('the store is left alone', () => store.openConnections === 0);
    // all in one connection
    store.requests.length = 0;
    const pipelining = dial().on('error', () => undefined);
    pipelining.write(request.repeat(200));
    await waitFor('it is served', () => store.requests.length >= 16);
    const refused = await fetch(url, { signal: AbortSignal.timeout(20_000) });
    assert.deepEqual([refused.status, store.requests.length], [503, 16], name);
    // what a program says that did not get all that it asked for does not count
    assert.equal(reader?.refused, true);
    pipelining.destroy();
    await waitFor('the store is left alone', () => store.openConnections === 0);
  }
  store.setTroubles(() => undefined);
  assert.ok((await read(url)).body.equals(content));
  assert.equal(reader?.fault, null);
});

test('serves on a unix socket, too, and leaves no file of it', async () => {
  const { address, url } = await open(undefined, { withSocket: true });
  assert.ok(address.socketPath);
  const request = get({ socketPath: address.socketPath, path: new URL(url).pathname });
  // what this event passes
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = await response.toArray();
  assert.ok(Buffer.concat(chunks).equals(content));
  await reader?.close();
  await assert.rejects(readFile(address.socketPath), { code: 'ENOENT' });
});

/** A store of real media whose URLs lead to a faulty one with the same object. */
async function troubledTask(
  name: 'h264-aac' | 'hevc-open-gop',
  trouble: (index: number) => StoreTrouble | undefined,
) {
  const film = await readFile(await sampleFile(name));
  store = await startFaultyStore(film, ETAG);
  store.setTroubles(trouble);
  const source = { key: 'raw/1/a.mp4', sizeBytes: film.length, etag: ETAG };
  return runSpec(media, { kind: 'inspect', source }, { store: { ...media.store, signGet: store.signGet } });
}

test('a task reads through a store that breaks off again and again', async () => {
  const result = await troubledTask('h264-aac', (index) =>
    index % 2 === 0 ? { resetAfter: 20_000 } : undefined,
  );
  assert.ok(result.kind === 'inspect');
});

test("a task's verdict does not count where its source could not be read to the end", async () => {
  // ffprobe alone would call the file damaged, or believe in what it had
  for (const [trouble, code] of [
    [{ status: 404 }, 'source_unreachable'],
    [{ etag: 'another-one' }, 'source_changed'],
  ] as const) {
    await assert.rejects(
      troubledTask('hevc-open-gop', (index) => (index === 0 ? { resetAfter: 60_000 } : trouble)),
      (error: ReelmillError) => error.code === code,
    );
    await store.close();
  }
});
