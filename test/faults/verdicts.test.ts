import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { encodeTasks, planVideo } from '@reelmill/server/plan/planVideo.ts';
import type { TaskResult, TaskSource, TaskSpecOf } from '@reelmill/shared/contracts/tasks.ts';
import { taskKeys } from '@reelmill/shared/core/objectKeys.ts';
import { FarmFault, MediaFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { TaskContext } from '../../worker/src/context/taskContext.ts';
import { runInspect } from '../../worker/src/inspect/runInspect.ts';
import { runAudio } from '../../worker/src/sound/runAudio.ts';
import type { SourceInput } from '../../worker/src/source/inputGuard.ts';
import { withSource } from '../../worker/src/source/withSource.ts';
import { startFlakyProxy } from '../support/flakyProxy.ts';
import { joinOutput } from '../support/joinedOutput.ts';
import { makeMarkedFilm, markOfSecond, readToneMarks } from '../support/markedFilm.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { runSpec, taskContext } from '../support/transcode.ts';

const run = promisify(execFile);
const SECONDS = 6;

let media: MediaStore;
let folder: string;
let film: string;
before(async () => {
  media = await startMediaStore();
  folder = path.join(media.root, 'films');
  await mkdir(folder);
  film = await makeMarkedFilm(folder, { container: 'mkv', seconds: SECONDS });
});
after(() => media?.close());

async function planOf(file: string) {
  const source: TaskSource = await media.addSource(file);
  const inspected = await runSpec(media, { kind: 'inspect', source });
  assert.ok(inspected.kind === 'inspect');
  const plan = planVideo(inspected.facts, { version: 1, chunkSeconds: 30 });
  const specs = encodeTasks({ ...plan, renditions: plan.renditions.slice(-1) }, source).map(
    ({ spec }) => spec,
  );
  return {
    source,
    audio: specs.find((spec) => spec.kind === 'audio') ?? assert.fail('no audio task'),
    encode: specs.find((spec) => spec.kind === 'encode') ?? assert.fail('no encode task'),
  };
}

async function make(name: string, args: string[]): Promise<string> {
  const file = path.join(folder, name);
  await run('ffmpeg', ['-v', 'error', '-y', ...args, file]);
  return file;
}

/** Overwrites the packets of the sound that `choose` picks; the container stays whole. */
async function spoilSound(
  file: string,
  name: string,
  choose: (packet: number, count: number) => boolean,
): Promise<string> {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-select_streams', 'a', '-show_entries', 'packet=size,pos', '-of', 'csv=p=0', file],
  ]);
  const bytes = await readFile(file);
  const packets = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number));
  packets.forEach(([size = 0, pos = 0], packet) => {
    // behind the header of its block
    if (choose(packet, packets.length)) bytes.fill(0xff, pos + 6, Math.min(pos + 4 + size, bytes.length));
  });
  const spoiled = path.join(folder, name);
  await writeFile(spoiled, bytes);
  return spoiled;
}

for (const [title, from] of [
  ['whose every packet', 0],
  ['of which three packets in four', 1 / 4],
] as const) {
  test(`a track ${title} the decoder refuses is the fault of the media`, async () => {
    const flac = await make('flac.mkv', ['-i', film, '-c:v', 'copy', '-c:a', 'flac']);
    const spoiled = await spoilSound(flac, 'spoiled.mkv', (packet, count) => packet >= from * count);
    const { audio } = await planOf(spoiled);
    await assert.rejects(runSpec(media, audio), (error: unknown) => {
      assert.ok(error instanceof MediaFault, String(error));
      assert.deepEqual([error.code, error.retryable], ['undecodable', false]);
      return true;
    });
  });
}

test('sound that is short, late, full of holes or damaged in places is published as it is', async () => {
  const aac = ['-c:v', 'copy', '-c:a', 'aac'];
  const files = {
    short: await make('short.mkv', [
      '-i',
      film,
      '-i',
      film,
      '-map',
      '0:v',
      '-map',
      '1:a',
      '-af',
      'atrim=end=2',
      ...aac,
    ]),
    late: await make('late.mkv', [
      '-i',
      film,
      '-itsoffset',
      '3',
      '-i',
      film,
      '-map',
      '0:v',
      '-map',
      '1:a',
      '-t',
      '6',
      ...aac,
    ]),
    holes: await make('holes.mkv', ['-i', film, '-af', "aselect='not(between(t,1,2.5))'", ...aac]),
    damaged: await spoilSound(
      await make('aac.mkv', ['-i', film, ...aac]),
      'damaged.mkv',
      (packet) => packet % 9 === 4,
    ),
    cutEnd: await spoilSound(
      await make('flac2.mkv', ['-i', film, '-c:v', 'copy', '-c:a', 'flac']),
      'cut.mkv',
      // the frames of a FLAC are not equally long in all versions
      (packet, count) => packet > count * 0.7,
    ),
  };
  for (const [name, file] of Object.entries(files)) {
    const { audio } = await planOf(file);
    const result = await runSpec(media, audio);
    assert.ok(result.kind === 'audio' && result.rendition !== null, name);
    const tones = await readToneMarks(
      (await joinOutput(media, 'audio', result.rendition.segments.length)).file,
    );
    const heard = tones.filter((tone, second) => Math.abs(tone - markOfSecond(second)) <= 8).length;
    assert.ok(tones.length >= SECONDS - 1, `${name}: ${tones}`);
    if (name === 'short') assert.equal(heard, 2, `${name}: ${tones}`);
  }
});

/** Runs a task's work whose programs reach their source through a proxy that cuts their first connection. */
async function runCut<T>(
  context: TestContext,
  source: TaskSource,
  atByte: number,
  work: (input: SourceInput, bound: TaskContext) => Promise<T>,
): Promise<T> {
  return withSource(taskContext(media), source, async (input, bound) => {
    const url = new URL(input.url);
    const proxy = await startFlakyProxy(url.origin);
    context.after(() => proxy.close());
    proxy.setFaults((index) => (index === 0 ? { truncateResponseAfterBytes: atByte } : undefined));
    const { port } = new URL(proxy.url);
    const confinement = media.confinement.reaching({ port: Number(port), socketPath: null });
    return work({ url: proxy.url + url.pathname }, { ...bound, confinement });
  });
}

test('sound that ends early because its read broke off is never published, nor is the film blamed', async (context) => {
  if (media.confinement.needsSocket) return context.skip('programs reach a socket only');
  const { source, audio } = await planOf(film);
  for (const share of [0.3, 0.7, 0.95]) {
    await assert.rejects(
      runCut(
        context,
        source,
        Math.round(source.sizeBytes * share),
        (input, bound) => runAudio(taskKeys(1, 1, null), audio as TaskSpecOf<'audio'>, input, bound), // found by its kind
      ),
      (error: unknown) => {
        assert.ok(error instanceof ReelmillError && !(error instanceof MediaFault), String(error));
        assert.deepEqual([error.code, error.retryable], ['encoder_failed', true]);
        return true;
      },
    );
  }
});

test('a program that could not read its source at all has no say about the file', async (context) => {
  if (media.confinement.needsSocket) return context.skip('programs reach a socket only');
  const { source } = await planOf(film);
  const inspect = { kind: 'inspect', source } as const;
  await assert.rejects(
    withSource(taskContext(media), source, (_, bound) =>
      // nobody listens there
      runInspect(inspect, { url: 'http://127.0.0.1:9/source' }, bound),
    ),
    (error: unknown) => error instanceof ReelmillError && error.code === 'encoder_failed',
  );
});

/** A small file system in memory, or null where this user may not mount one. */
async function mountScratch(context: TestContext, size: string): Promise<string | null> {
  const scratch = await mkdtemp(path.join(media.root, 'scratch-'));
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', scratch]).then(
    () => true,
    () => false,
  );
  if (!mounted) return null;
  context.after(() => run('umount', ['-l', scratch]));
  return scratch;
}

/** What was made, without the sizes that differ between two runs of an encoder. */
function lengthsOf(result: TaskResult): unknown {
  const outputs = result.kind === 'encode' ? result.renditions : [];
  if (result.kind === 'audio' && result.rendition !== null) outputs.push(result.rendition);
  return outputs.map(({ frames, segments }) => [
    frames,
    segments.map(({ durationSeconds }) => durationSeconds),
  ]);
}

test('on a full scratch a film is made whole, or the disk is at fault', async (context) => {
  const scratch = await mountScratch(context, '8m');
  if (scratch === null) return context.skip('mounting a tmpfs takes rights that are not there');
  const { audio, encode } = await planOf(film);
  for (const spec of [audio, encode]) {
    const whole = lengthsOf(await runSpec(media, spec));
    const failed: number[] = [];
    for (const freeBytes of [0, 40_000, 400_000]) {
      await writeFile(path.join(scratch, 'ballast'), Buffer.alloc(0));
      await writeFile(path.join(scratch, 'ballast'), Buffer.alloc(8 * 1024 ** 2 - 16 * 1024 - freeBytes));
      const what = `${spec.kind}, ${freeBytes} bytes free`;
      try {
        const result = await runSpec(media, spec, {
          workDir: path.join(scratch, 'work'),
          decodePercent: 100,
        });
        assert.deepEqual(lengthsOf(result), whole, what);
      } catch (error) {
        assert.ok(error instanceof FarmFault, `${what}: ${error}`);
        assert.equal(error.code, 'disk_full');
        failed.push(freeBytes);
      }
    }
    assert.ok(failed.includes(0), `${spec.kind} failed with ${failed} bytes free`);
  }
});
