import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { encodeTasks, planVideo } from '@reelmill/server/plan/planVideo.ts';
import { faultOf } from '@reelmill/shared/contracts/errors.ts';
import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import type { TaskKind, TaskSpec, Verification } from '@reelmill/shared/contracts/tasks.ts';
import { FarmFault } from '@reelmill/shared/runtime/errors.ts';
import { runTask } from '../../worker/src/tasks/runTask.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { mayMount, mountSmallDisk } from '../support/smallDisk.ts';
import { runSpec, taskContext } from '../support/transcode.ts';

const PREFIX = 'processed/';
const PAGE_KIB = 4;

/** What is in the store of a task that had room: content to size. Encoders are deterministic. */
type Objects = Map<string, number>;

let media: MediaStore;
let source: { key: string; sizeBytes: number };
let specs: Map<TaskKind, TaskSpec>;
let plan: EncodePlan;

async function makeFilm(file: string): Promise<void> {
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=256x144:rate=10:duration=14,noise=alls=8:allf=t'];
  const sound = ['-f', 'lavfi', '-i', 'anoisesrc=duration=14:amplitude=0.2:seed=1', '-c:a', 'aac'];
  const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  await promisify(execFile)('ffmpeg', ['-v', 'error', ...picture, ...sound, ...x264, file]);
}

async function listObjects(): Promise<{ objects: Objects; keys: string[] }> {
  const objects: Objects = new Map();
  const keys: string[] = [];
  for await (const { key, etag, sizeBytes } of media.store.list(PREFIX)) {
    objects.set(etag, sizeBytes);
    keys.push(key);
  }
  return { objects, keys };
}

/** Runs a task with everything decoded; returns what it stored, which is gone from the store then. */
async function runFor(spec: TaskSpec, workDir: string) {
  const counts: Verification = { verified: 0, decoded: 0, damaged: 0 };
  const message = { v: 1, taskId: 1, videoId: 1, attempt: 1, requestId: null, verifyAll: true } as const;
  const context = taskContext(media, {
    workDir,
    onVerified: (what) => {
      counts[what] += 1;
    },
  });
  const failure = await runTask({ ...message, leaseToken: crypto.randomUUID(), spec }, context).then(
    () => null,
    (error: unknown) => error,
  );
  const { objects, keys } = await listObjects();
  await media.store.remove(keys);
  return { failure, objects, counts };
}

const reasonNot = mayMount() ? false : 'only root may mount file systems';

describe('a scratch folder that fills up', { skip: reasonNot, timeout: 300_000 }, () => {
  const whole = new Map<TaskKind, Objects>();

  before(async () => {
    media = await startMediaStore();
    const film = path.join(media.root, 'film.mp4');
    await makeFilm(film);
    source = await media.addSource(film);
    const inspected = await runSpec(media, { kind: 'inspect', source });
    assert.ok(inspected.kind === 'inspect');
    plan = planVideo(inspected.facts, { version: 1, chunkSeconds: 60 });
    specs = new Map(encodeTasks(plan, source).map(({ spec }) => [spec.kind, spec]));
    for (const [kind, spec] of specs) {
      const { failure, objects, counts } = await runFor(spec, media.workDir);
      assert.equal(failure, null);
      assert.ok(counts.verified > 0 && counts.decoded === counts.verified && counts.damaged === 0, kind);
      whole.set(kind, objects);
    }
    assert.deepEqual([...whole.keys()].sort(), ['audio', 'encode', 'images']);
  });
  after(() => media?.close());

  /** One run on a small disk: a fault of the farm with nothing wrong in the store, or the same as with room. */
  async function tryWith(kind: TaskKind, disk: { kib: number; files?: number }): Promise<'done' | 'failed'> {
    const spec = specs.get(kind);
    const expected = whole.get(kind);
    assert.ok(spec && expected);
    const mounted = await mountSmallDisk(path.join(media.root, 'small'), disk);
    try {
      const { failure, objects } = await runFor(spec, mounted.folder);
      const what = `${kind} on ${JSON.stringify(disk)}: ${failure}`;
      for (const etag of objects.keys()) assert.ok(expected.has(etag), `${what}, something else is stored`);
      assert.deepEqual(await readdir(mounted.folder), [], what);
      if (failure === null) {
        assert.deepEqual([...objects.keys()].sort(), [...expected.keys()].sort(), what);
        return 'done';
      }
      assert.ok(failure instanceof FarmFault, what);
      assert.equal(faultOf(failure.code), 'farm', what);
      assert.ok(['disk_full', 'output_damaged'].includes(failure.code), what);
      return 'failed';
    } finally {
      await mounted.remove();
    }
  }

  /** What everything that a task stored takes on a disk. */
  const neededKib = (kind: TaskKind): number =>
    [...(whole.get(kind)?.values() ?? [])].reduce(
      (sum, bytes) => sum + Math.ceil(bytes / 1024 / PAGE_KIB),
      0,
    ) * PAGE_KIB;

  for (const [kind, shares] of [
    ['encode', [0.2, 0.5, 0.8]],
    ['audio', [0.4, 0.8]],
    ['images', [0.3, 0.9]],
  ] as const) {
    test(`${kind}: is a fault of the worker at every moment, and publishes nothing that is damaged`, async () => {
      const needed = neededKib(kind);
      const sizes = [
        PAGE_KIB,
        3 * PAGE_KIB,
        ...shares.map((share) => Math.floor(needed * share)),
        needed - PAGE_KIB,
      ];
      const outcomes: string[] = [];
      for (const kib of sizes) outcomes.push(await tryWith(kind, { kib }));
      assert.ok(outcomes.slice(0, -2).includes('failed'), `${outcomes}`);
      // the playlist and the folders want room, too
      assert.equal(await tryWith(kind, { kib: needed + 64 }), 'done');
    });
  }

  test('a disk that takes no more files is a fault of the worker', async () => {
    for (const [kind, files] of [
      ['encode', 4],
      ['encode', 6],
      ['audio', 5],
      ['images', 3],
    ] as const)
      assert.equal(await tryWith(kind, { kib: 4096, files }), 'failed', `${kind}, ${files}`);
  });
});
