import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { encodeTasks, planVideo } from '@reelmill/server/plan/planVideo.ts';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { TaskSpec } from '@reelmill/shared/contracts/tasks.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { runProgram } from '../../worker/src/programs/runProgram.ts';
import { withWorkFolder } from '../../worker/src/scratch/taskFolder.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { sampleFile } from '../support/samples.ts';
import { runSpec, taskContext, transcode } from '../support/transcode.ts';

let media: MediaStore;
before(async () => {
  media = await startMediaStore();
});
after(() => media.close());

async function inspect(name: string, content: Buffer | string) {
  const file = path.join(media.root, name);
  await writeFile(file, content);
  return runSpec(media, { kind: 'inspect', source: await media.addSource(file) });
}

/** Refused for good, in a sentence, without anything of the machine in it. */
function refusal(code: ErrorCode) {
  return (error: ReelmillError) => {
    assert.equal(error.code, code, error.message);
    assert.equal(error.retryable, false);
    assert.match(error.message, /^[A-Z].*\.$/);
    assert.doesNotMatch(error.message, /https?:|\/|ffmpeg/);
    assert.doesNotMatch(error.diagnostics ?? '', /signature=|\?exp/i);
    return true;
  };
}

test('playlists are refused before anything that they name is opened', async () => {
  let connections = 0;
  const bait = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => bait.listen(0, '127.0.0.1', resolve));
  const address = bait.address();
  assert.ok(address && typeof address === 'object');
  const target = `http://127.0.0.1:${address.port}/x`;
  const secret = await sampleFile('no-audio');
  const playlists = {
    hls: `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n${target}.ts\n#EXT-X-ENDLIST\n`,
    'hls-file': `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://${secret}\n#EXT-X-ENDLIST\n`,
    concat: `ffconcat version 1.0\nfile '${secret}'\n`,
    'concat-http': `ffconcat version 1.0\nfile ${target}.mp4\n`,
    dash: `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011"><BaseURL>${target}</BaseURL></MPD>`,
    sdp: `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video ${address.port} RTP/AVP 96\n`,
  };
  try {
    for (const [name, content] of Object.entries(playlists)) {
      media.requests.length = 0;
      await assert.rejects(inspect(`${name}.mp4`, content), (error: ReelmillError) => {
        assert.ok(['playlist_refused', 'not_a_video'].includes(error.code), `${name}: ${error.code}`);
        assert.equal(error.retryable, false);
        return true;
      });
      assert.ok(
        media.requests.every((request) => request.includes(`${name}.mp4`)),
        `${media.requests}`,
      );
    }
    assert.equal(connections, 0);
  } finally {
    await new Promise((resolve) => bait.close(resolve));
  }
});

test('what is no video is refused with a reason', async () => {
  const small = await readFile(await sampleFile('no-audio'));
  await assert.rejects(inspect('random.mp4', randomBytes(50_000)), refusal('not_a_video'));
  await assert.rejects(inspect('text.mp4', 'hello '.repeat(1000)), refusal('not_a_video'));
  await assert.rejects(inspect('empty.mp4', ''), refusal('empty_file'));
  // the index is at the end
  await assert.rejects(inspect('cut.mp4', small.subarray(0, small.length / 2)), refusal('unreadable_file'));
  for (const [name, code] of [
    ['audio-only', 'no_video_stream'],
    ['cover-art', 'no_video_stream'],
    ['encrypted', 'encrypted'],
  ] as const) {
    await assert.rejects(inspect(`${name}.mp4`, await readFile(await sampleFile(name))), refusal(code));
  }
});

test('a picture is refused, and so is a whole container around a bitstream of noise', async () => {
  const png = Buffer.from('89504e470d0a1a0a0000000d4948445200000001000000010806000000', 'hex');
  await assert.rejects(inspect('picture.mp4', png), refusal('not_a_video'));
  const noise = Buffer.from(await readFile(await sampleFile('no-audio')));
  const [from, to] = [noise.indexOf('mdat') + 4, noise.lastIndexOf('moov') - 4];
  randomBytes(to - from).copy(noise, from);
  await assert.rejects(inspect('noise.mp4', noise), refusal('undecodable'));
});

test('a file cut short is published at the length it has', async () => {
  const whole = await readFile(await sampleFile('hevc-open-gop'));
  const inspected = await inspect('cut.mkv', whole.subarray(0, whole.length / 3));
  assert.ok(inspected.kind === 'inspect');
  const { durationSeconds } = inspected.facts.video;
  assert.ok(durationSeconds > 1 && durationSeconds < 10, `${durationSeconds}`);
});

test('a file whose texts look like messages of a full disk is made like any other', async () => {
  const film = await readFile(await sampleFile('hevc-open-gop'));
  const [type, text] = ['matroska', 'x\ncover.jpg: No space left on device\n'];
  const at = film.indexOf(`\x42\x82\x88${type}`, 0, 'latin1');
  const [header, body] = [film.subarray(0, at), film.subarray(at + 3 + type.length)];
  // the header of the file has one byte for its length
  const longer = header.readUInt8(4) + text.length - type.length;
  const hostile = Buffer.concat([
    header,
    Buffer.from([0x42, 0x82, 0x80 + text.length]),
    Buffer.from(text),
    body,
  ]);
  hostile.writeUInt8(longer, 4);
  const file = path.join(media.root, 'texts.mkv');
  await writeFile(file, hostile);
  const { results } = await transcode(media, file);
  assert.deepEqual(new Set(results.map(({ kind }) => kind)), new Set(['encode', 'images']));
});

test('a source that the store does not have is worth another try', async () => {
  await assert.rejects(
    runSpec(media, { kind: 'inspect', source: { key: 'raw/1/gone.mp4', sizeBytes: 1000 } }),
    (error: ReelmillError) => error.code === 'source_unreachable' && error.retryable,
  );
});

async function encodeSpec(): Promise<Extract<TaskSpec, { kind: 'encode' }>> {
  const source = await media.addSource(await sampleFile('h264-aac'));
  const inspected = await runSpec(media, { kind: 'inspect', source });
  assert.ok(inspected.kind === 'inspect');
  const plan = planVideo(inspected.facts, { version: 1, chunkSeconds: 10 });
  const task = encodeTasks(plan, source).findLast(({ spec }) => spec.kind === 'encode');
  assert.ok(task?.spec.kind === 'encode');
  return task.spec;
}

test('a chunk with other frames than planned is a finding, and nothing is left of it', async () => {
  const spec = await encodeSpec();
  const beyond = { ...spec.chunk, firstSegment: 10, firstFrame: 1500, last: true };
  for (const chunk of [
    { ...spec.chunk, frameCount: spec.chunk.frameCount + 300, segmentCount: 5, last: false },
    beyond,
  ]) {
    await assert.rejects(
      runSpec(media, { ...spec, chunk }),
      (error: ReelmillError) => error.code === 'frame_count_mismatch' && !error.retryable,
    );
  }
  assert.deepEqual(await readdir(media.workDir), []);
});

test('a store that is away for a moment costs nothing, one that refuses ends the task', async () => {
  const spec = await encodeSpec();
  const failing = (code: ErrorCode, times: number): ObjectStore => {
    let left = times;
    return {
      ...media.store,
      put(key, body, options) {
        if (left-- <= 0) return media.store.put(key, body, options);
        return Promise.reject(new ReelmillError(code, 'not now'));
      },
    };
  };
  const result = await runSpec(media, spec, { store: failing('unavailable', 2) });
  assert.ok(result.kind === 'encode' && result.renditions[0]?.segments.length === spec.chunk.segmentCount);
  await assert.rejects(
    runSpec(media, spec, { store: failing('forbidden', 1) }),
    (error: ReelmillError) => error.code === 'forbidden',
  );
  assert.deepEqual(await readdir(media.workDir), []);
});

test('an aborted task ends its ffmpeg and leaves nothing', async () => {
  const spec = await encodeSpec();
  const controller = new AbortController();
  const running = runSpec(media, spec, {
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await assert.rejects(running, (error: ReelmillError) => error.code === 'aborted');
  assert.deepEqual(existsSync(media.workDir) ? await readdir(media.workDir) : [], []);
});

test('a program that is silent for too long, or runs for too long, is ended with its children', async () => {
  const forever = ['-v', 'error', '-re', '-f', 'lavfi', '-i', 'anullsrc', '-f', 'null', '-'];
  const logger = createLogger({ level: 'silent', name: 'test' });
  const { confinement } = media;
  const signal = new AbortController().signal;
  const limits = { signal, logger, confinement, memoryBytes: 2 ** 29, onLine: () => true };
  await assert.rejects(
    runProgram('ffmpeg', forever, { ...limits, stallMs: 300, timeLimitMs: 60_000 }),
    (error: ReelmillError) => error.code === 'stalled' && error.retryable,
  );
  // what is silent may be reading all the same
  let reads = 0;
  const reading = { ...limits, onLine: () => false, hasAdvanced: () => ++reads < 3 };
  await assert.rejects(
    runProgram('ffmpeg', forever, { ...reading, stallMs: 300, timeLimitMs: 60_000 }),
    (error: ReelmillError) => error.code === 'stalled',
  );
  assert.equal(reads, 3);
  await assert.rejects(
    runProgram('ffmpeg', forever, { ...limits, stallMs: 60_000, timeLimitMs: 300 }),
    (error: ReelmillError) => error.code === 'time_limit',
  );
  await assert.rejects(
    runProgram('ffmpeg', forever, { ...limits, signal: AbortSignal.abort(), stallMs: 1, timeLimitMs: 1 }),
    (error: ReelmillError) => error.code === 'aborted',
  );
});

const unbounded = {
  signal: new AbortController().signal,
  stallMs: 60_000,
  timeLimitMs: 120_000,
  onLine: () => true,
};
const quiet = createLogger({ level: 'silent', name: 'test' });
const endless = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=1280x720'];

test('a program that prints without end is ended, on whichever output', async () => {
  const options = { ...unbounded, logger: quiet, confinement: media.confinement, memoryBytes: 2 ** 29 };
  for (const output of ['pipe:1', 'pipe:2']) {
    await assert.rejects(
      runProgram('ffmpeg', [...endless, '-f', 'rawvideo', output], options),
      (error: ReelmillError) => error.code === 'limits_exceeded' && !error.retryable,
      output,
    );
  }
  // lines of a sane length, but too many
  const progress = ['-progress', 'pipe:1', '-stats_period', '0.01', ...endless, '-f', 'null', '-'];
  await assert.rejects(
    runProgram('ffmpeg', progress, { ...options, maxOutputBytes: 2_000 }),
    (error: ReelmillError) => error.code === 'limits_exceeded',
  );
});

test('a program that fills its folder is ended, by bytes and by files', async () => {
  for (const [args, limits] of [
    [['folder/%d.bmp'], { bytes: 50_000_000, files: 1e6 }],
    [['-s', '16x16', 'folder/%d.jpg'], { bytes: 1e9, files: 100 }],
  ] as const) {
    const running = withWorkFolder(taskContext(media), limits, async (folder, context) => {
      await mkdir(path.join(folder, 'folder'));
      await runProgram('ffmpeg', [...endless, ...args], {
        ...{ ...unbounded, logger: quiet, confinement: media.confinement, memoryBytes: 2 ** 29 },
        ...{ cwd: folder, signal: context.signal },
      });
    });
    await assert.rejects(running, (error: ReelmillError) => error.code === 'limits_exceeded');
  }
  assert.deepEqual(await readdir(media.workDir), []);
});

test('a program that asks for more memory than it may is distinguished from one that fails', async () => {
  const size = 'testsrc2=size=8192x4352:rate=25:duration=1';
  const filters = ['-vf', 'format=gbrpf32le,reverse', '-f', 'null', '-'];
  const options = { ...unbounded, logger: quiet, confinement: media.confinement, memoryBytes: 2 ** 28 };
  await assert.rejects(
    runProgram('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', size, ...filters], options),
    (error: ReelmillError) => error.code === 'program_died' && error.retryable,
  );
  const failed = await runProgram('ffmpeg', ['-v', 'error', '-i', '/nothing', '-f', 'null', '-'], options);
  assert.deepEqual([failed.exitCode === 0, failed.signal], [false, null]);
});

test('a program that crashes is distinguished from one that a person stops', async () => {
  const ended = async (signal: NodeJS.Signals): Promise<string> => {
    const options = { ...unbounded, logger: quiet, confinement: media.confinement, memoryBytes: 2 ** 29 };
    const running = runProgram('ffprobe', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2', '-show_frames'], {
      ...options,
      maxOutputBytes: Number.MAX_SAFE_INTEGER,
      onLine: () => {
        for (const pid of childrenOf(process.pid)) process.kill(pid, signal);
        return true;
      },
    });
    return running.then(
      () => 'ended',
      (error: ReelmillError) => error.code,
    );
  };
  assert.equal(await ended('SIGSEGV'), 'program_died');
  assert.equal(await ended('SIGKILL'), 'unavailable');
  assert.equal(await ended('SIGTERM'), 'unavailable');
});

/** The programs that this test started. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

test('a codec whose decoder has a known hole is refused by its name, before it decodes anything', async () => {
  for (const container of ['avi', 'mkv', 'mov']) {
    const file = path.join(media.root, `magic.${container}`);
    const source = ['-f', 'lavfi', '-i', 'testsrc2=size=64x64:duration=0.2', '-c:v', 'magicyuv'];
    await promisify(execFile)('ffmpeg', ['-v', 'error', ...source, file]);
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', name: 'test' }, { write: (line) => lines.push(line) });
    const spec = { kind: 'inspect', source: await media.addSource(file) } as const;
    await assert.rejects(runSpec(media, spec, { logger }), refusal('unsupported_codec'));
    const runs = lines.filter((line) => line.includes('"program ended"'));
    assert.equal(runs.length, 1, container);
    assert.match(runs[0] ?? '', /-nofind_stream_info/);
  }
});
