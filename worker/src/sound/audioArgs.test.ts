import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planVideo } from '@reelmill/server/plan/planVideo.ts';
import { factsOf } from '../../../test/support/taskResults.ts';
import { audioArgs, decodeArgs } from './audioArgs.ts';

const usual = factsOf({ durationSeconds: 60.06 });
const facts = {
  ...usual,
  audio: usual.audio && { ...usual.audio, codec: 'ac3', channels: 6, sampleRate: 44_100 },
  video: { ...usual.video, outputFrameRate: { num: 30_000, den: 1_001 } },
};
const plan = planVideo(facts, { version: 1, chunkSeconds: 30 });
const url = 'http://127.0.0.1:4000/unguessable';

test('sound is decoded with its times beside it, and encoded from what it was made to', () => {
  const run = { url, plan, threads: 2, unnamedChannels: false };
  const decode = decodeArgs(run);
  assert.equal(decode[decode.indexOf('-map') + 1], '0:1');
  assert.equal(
    decode[decode.indexOf('-af') + 1],
    "aformat=sample_fmts=dblp:sample_rates=44100:channel_layouts=stereo,aeval='val(0)|val(1)|t':c=3.0,asetpts=NAN",
  );
  const encode = audioArgs(run);
  assert.deepEqual(encode.slice(encode.indexOf('-ar'), encode.indexOf('-i') + 2), [
    ...['-ar', '44100', '-ac', '2', '-i', 'pipe:0'],
  ]);
  assert.equal(encode[encode.indexOf('-protocol_whitelist') + 1], 'pipe');
  assert.equal(encode[encode.indexOf('-hls_time') + 1], '5.005');
});
