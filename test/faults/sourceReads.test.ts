import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, test } from 'node:test';
import { encodeTasks, planVideo } from '@reelmill/server/plan/planVideo.ts';
import type { TaskSource, TaskSpec } from '@reelmill/shared/contracts/tasks.ts';
import { videoSegmentCount } from '@reelmill/shared/core/timeline.ts';
import { FarmFault } from '@reelmill/shared/runtime/errors.ts';
import { joinOutput } from '../support/joinedOutput.ts';
import {
  type Container,
  makeMarkedFilm,
  markOfPicture,
  markOfSecond,
  readPictureMarks,
  readToneMarks,
} from '../support/markedFilm.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { type ResponseFault, type StoreProxy, startStoreProxy } from '../support/storeProxy.ts';
import { runSpec } from '../support/transcode.ts';

const SECONDS = 9;
const timing = { outageMs: 20_000, silenceMs: 300, backoff: { baseMs: 5, maxMs: 50 } };
/** With one thread, x264 makes the same bytes of the same pictures. */
const ALONE = { threads: 1 };
const impatient = { outageMs: 400, silenceMs: 200, backoff: { baseMs: 20, maxMs: 50 } };

let media: MediaStore;
let proxy: StoreProxy;
before(async () => {
  media = await startMediaStore();
  proxy = await startStoreProxy(new URL(await media.store.signGet('raw/1/x', URL_OPTIONS)).origin);
});
after(async () => {
  await proxy?.close();
  await media?.close();
});
beforeEach(() => {
  proxy.away = false;
  proxy.setFaults(() => undefined);
});

const URL_OPTIONS = { audience: 'internal', expiresSeconds: 300 } as const;

/** Runs a task whose source is read through the proxy. */
function runThroughProxy(spec: TaskSpec, limits = timing) {
  const signGet: typeof media.store.signGet = async (key, options) =>
    (await media.store.signGet(key, options)).replace(/^http:\/\/[^/]+/, proxy.url);
  return runSpec(media, spec, { ...ALONE, store: { ...media.store, signGet } }, limits);
}

/** A film in the store with its plan; every task of it is one of a whole farm. */
async function addFilm(container: Container) {
  const folder = path.join(media.root, container);
  await mkdir(folder, { recursive: true });
  const film = await makeMarkedFilm(folder, { container, seconds: SECONDS });
  const added = await media.addSource(film);
  const stored = await media.store.stat(added.key);
  const source: TaskSource = { ...added, etag: stored?.etag };
  const inspect: TaskSpec = { kind: 'inspect', source };
  const inspected = await runSpec(media, inspect);
  assert.ok(inspected.kind === 'inspect');
  const plan = planVideo(inspected.facts, { version: 1, chunkSeconds: 4 });
  const small = { ...plan, renditions: plan.renditions.slice(-1) };
  const specs = encodeTasks(small, source)
    .map(({ spec }) => spec)
    .filter(({ kind }) => kind !== 'images');
  return { inspect, facts: inspected.facts, plan: small, specs };
}

/** Digests of everything that is in the store under `processed/`, which is removed. */
async function takeObjects(): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for await (const { key } of media.store.list('processed/')) {
    const bytes = await buffer(await media.store.get(key));
    digests.set(key, createHash('sha256').update(bytes).digest('hex'));
  }
  await media.store.remove([...digests.keys()]);
  return new Map([...digests].toSorted());
}

/** Everything that a store, a proxy or a network does to a read, at different places. */
const FAULTS: readonly (ResponseFault | undefined)[] = [
  undefined,
  { resetAt: 150_000 },
  { dropAt: 90_000 },
  { repeatAt: 40_000 },
  undefined,
  { stallAt: 200_000 },
  { status: 503 },
  { repeatAt: 3_000 },
  { ignoreRange: true },
  undefined,
  { dropAt: 2_000 },
];

for (const container of ['mp4', 'mkv', 'ts', 'avi'] as const) {
  test(`${container}: a film read through every fault is the film, picture by picture`, async () => {
    const { inspect, facts, plan, specs } = await addFilm(container);
    for (const spec of specs) await runSpec(media, spec, ALONE);
    const quality = plan.renditions[0]?.quality ?? assert.fail('no rendition');
    const pictures = await readPictureMarks((await joinOutput(media, quality, videoSegmentCount(plan))).file);
    assert.equal(pictures.length, SECONDS * 25);
    pictures.forEach((mark, n) => {
      assert.ok(Math.abs(mark - markOfPicture(n)) <= 10, `picture ${n} is ${mark}`);
    });
    const tones = await readToneMarks((await joinOutput(media, 'audio', videoSegmentCount(plan))).file);
    tones.slice(0, SECONDS - 1).forEach((mark, k) => {
      assert.ok(Math.abs(mark - markOfSecond(k)) <= 8, `second ${k} is ${mark} Hz`);
    });
    const undisturbed = await takeObjects();
    assert.ok(undisturbed.size > SECONDS / 3);

    const before = proxy.requests;
    proxy.setFaults((index) => FAULTS[index % FAULTS.length]);
    const inspected = await runThroughProxy(inspect);
    assert.ok(inspected.kind === 'inspect');
    assert.deepEqual(inspected.facts, facts);
    for (const spec of specs) await runThroughProxy(spec);
    assert.ok(proxy.requests - before > FAULTS.length * 2);
    assert.deepEqual(await takeObjects(), undisturbed);
  });
}

test('a store that goes away at any moment makes the task wait, and never blames the film', async () => {
  const { inspect, specs } = await addFilm('mp4');
  const audio = specs.find(({ kind }) => kind === 'audio') ?? assert.fail('no audio');
  const encode = specs.find(({ kind }) => kind === 'encode') ?? assert.fail('no encode');
  for (const spec of specs) await runSpec(media, spec, ALONE);
  const undisturbed = await takeObjects();
  for (const spec of [inspect, audio, encode]) {
    for (const fault of [{ status: 503 }, { resetAt: 1_000 }, { otherBytes: true }]) {
      for (const good of [0, 2]) {
        const from = proxy.requests + good;
        proxy.setFaults((index) => (index >= from ? fault : undefined));
        await assert.rejects(runThroughProxy(spec, impatient), (error: unknown) => {
          // an error of any kind may have one
          const code = (error as { code?: unknown }).code;
          if (fault.otherBytes) assert.equal(code, 'source_changed');
          else assert.ok(error instanceof FarmFault && code === 'source_unreachable', String(error));
          return true;
        });
      }
    }
  }
  await takeObjects();
  // it comes back in the middle
  const back = setTimeout(() => {
    proxy.away = false;
  }, 2_000);
  proxy.setFaults(() => undefined);
  proxy.away = true;
  for (const spec of specs) await runThroughProxy(spec);
  clearTimeout(back);
  assert.deepEqual(await takeObjects(), undisturbed);
});
