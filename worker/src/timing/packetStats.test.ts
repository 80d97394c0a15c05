import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketCollector, parsePacketLine } from './packetStats.ts';

function collect(text: string) {
  const collector = new PacketCollector();
  for (const line of text.split('\n')) {
    const packet = parsePacketLine(`0,${line}`);
    if (packet && !packet.hidden) collector.add(packet);
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

test('packets that an edit list hides are marked, unknown times are null', () => {
  assert.equal(parsePacketLine('0,-0.080000,-0.080000,0.040000,KD')?.hidden, true);
  assert.equal(parsePacketLine(''), null);
  assert.deepEqual(parsePacketLine('3,0.046000,N/A,N/A,K_'), {
    streamIndex: 3,
    pts: 0.046,
    dts: null,
    duration: null,
    encrypted: false,
    hidden: false,
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
  const { longestGap, holes } = collect('0,0,1,K_\n700,700,1,K_');
  assert.deepEqual([longestGap, holes], [700, [{ from: 1, to: 700 }]]);
});

/** A packet a second, with other times for some of them. */
function everySecond(count: number, others: Record<number, number>) {
  const lines = Array.from({ length: count }, (_, n) => `${others[n] ?? n},N/A,1,__`);
  return collect(lines.join('\n'));
}

test('a single wrong time is distinguished from a jump, wherever it is', () => {
  for (const [at, wrong] of [
    [50, 90],
    [50, 4_900],
    [50, 3],
    [195, 4_900],
  ] as const) {
    const stats = everySecond(200, { [at]: wrong });
    assert.deepEqual(
      [stats.badTimes, stats.strayTimes, stats.backwardJumps],
      [1, [wrong], 0],
      `${at}: ${wrong}`,
    );
    assert.deepEqual([stats.firstPts, stats.lastPts, stats.count, stats.longestGap], [0, 199, 199, 2]);
  }
  const slides = everySecond(10, Object.fromEntries(Array.from({ length: 10 }, (_, n) => [n, n * 700])));
  assert.deepEqual([slides.badTimes, slides.lastPts, slides.holes.length], [0, 6300, 9]);
});

test('at the end of a stream, decoding times that go back show which time is wrong', () => {
  /** Pictures without reordering: what a container says of one is wrong in both times. */
  const pictures = (times: readonly number[]) =>
    collect(times.map((time) => `${time},${time},N/A,__`).join('\n'));
  const regular = Array.from({ length: 200 }, (_, n) => n / 25);
  for (const at of [197, 198]) {
    const stats = pictures(regular.with(at, 1_000));
    assert.deepEqual([stats.strayTimes, stats.lastPts, stats.count], [[1_000], 199 / 25, 199], `${at}`);
  }
  // slides: their distances are long, and either of the last two may be the wrong one
  assert.deepEqual(pictures([0, 20, 40, 60, 80, 65]).strayTimes, []);
  assert.deepEqual(pictures([0, 20, 40, 60, 80, 5]).strayTimes, []);
  // reordered ones are decoded in order, however long the last one stands alone
  const reordered = ['0,-1,1,K_', '200,0,100,__', '1,1,199,__'].join('\n');
  assert.deepEqual([collect(reordered).strayTimes, collect(reordered).lastPts], [[], 200]);
});
