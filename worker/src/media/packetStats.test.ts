import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketCollector, parsePacketLine } from './packetStats.ts';

function collect(text: string) {
  const collector = new PacketCollector();
  for (const line of text.split('\n')) {
    const packet = parsePacketLine(line);
    if (packet) collector.add(packet);
  }
  return collector.finish();
}

test('packets in decoding order are counted in the order they are shown', () => {
  const stats = collect(`0.066733,0.000000,0.033367,K_
0.200200,0.033367,0.033367,__
0.133467,0.066733,0.033367,__
0.100100,0.100100,0.033367,__
0.166833,0.133467,0.033367,__`);
  assert.deepEqual(
    [stats.count, stats.firstPts, stats.lastPts, stats.lastDuration],
    [5, 0.066733, 0.2002, 0.033367],
  );
  assert.equal(stats.gaps.length, 1);
  assert.equal(stats.gaps[0]?.times, 4);
  assert.equal(stats.backwardJumps, 0);
});

test('a time that contradicts the decoding time is left out', () => {
  const stats = collect(`75790.400000,70890.320000,0.040000,K_,MPEGTS Stream ID

70890.560000,70890.360000,0.040000,__,MPEGTS Stream ID
70890.480000,70890.400000,0.040000,__,MPEGTS Stream ID`);
  assert.deepEqual([stats.count, stats.badTimes, stats.firstPts, stats.lastPts], [2, 1, 70890.48, 70890.56]);
});

test('packets that an edit list hides are passed over, unknown times are null', () => {
  assert.equal(parsePacketLine('-0.080000,-0.080000,0.040000,KD'), null);
  assert.equal(parsePacketLine(''), null);
  assert.deepEqual(parsePacketLine('0.046000,N/A,N/A,K_'), {
    pts: 0.046,
    dts: null,
    duration: null,
    encrypted: false,
  });
});

test('encryption shows in the packets', () => {
  assert.equal(collect('0.000000,0.000000,0.033333,K_,Encryption info').encrypted, true);
});

test('jumps back and long holes are noticed', () => {
  const times = [
    ...Array.from({ length: 100 }, (_, n) => n),
    ...Array.from({ length: 100 }, (_, n) => n / 2),
  ];
  const stats = collect(times.map((time) => `${time},${time},0.5,K_`).join('\n'));
  assert.ok(stats.backwardJumps > 0);
  assert.equal(collect('0,0,1,K_\n700,700,1,K_').longestGap, 700);
});
