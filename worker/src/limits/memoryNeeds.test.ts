import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bareMemory,
  bytesPerPixel,
  decoderThreads,
  encodeMemory,
  maxDecodedPixels,
  mayRunAtOnce,
  packetsReadAhead,
  pictureMemory,
  probeMemory,
} from './memoryNeeds.ts';

const GIB = 1024 ** 3;
const SMALL = {
  codec: 'h264',
  codedWidth: 320,
  codedHeight: 240,
  pixelFormat: 'yuv420p',
  hdr: 'none' as const,
};
const LARGE = {
  codec: 'hevc',
  codedWidth: 7680,
  codedHeight: 4320,
  pixelFormat: 'yuv420p10le',
  hdr: 'pq' as const,
};
const RENDITIONS = [2160, 1440, 1080, 720, 480, 360, 240].map((height) => ({
  width: Math.round((height * 16) / 9),
  height,
}));
const reading = (video: typeof SMALL | typeof LARGE, threads = 2, sizeBytes = 140_000) => ({
  sizeBytes,
  video,
  threads,
});

test('a pixel takes at least the bytes that ffmpeg says', () => {
  const bits: Record<string, number> = {
    ...{
      yuv420p: 12,
      yuvj422p: 16,
      yuv444p: 24,
      gray: 8,
      pal8: 8,
      rgb24: 24,
      rgba: 32,
      rgb0: 32,
    },
    ...{ uyvy422: 16, yuv440p: 16, nv12: 12, nv16: 16, nv24: 24, ya8: 16, gbrp: 24, gbrap: 32, yuva420p: 20 },
  };
  for (const [name, expected] of Object.entries(bits)) assert.equal(bytesPerPixel(name) * 8, expected, name);
  // two bytes for a sample, whatever its depth
  const deep: Record<string, number> = {
    ...{ yuv420p10le: 3, p010le: 3, yuv422p12be: 4, yuv444p16le: 6, p410le: 6, yuva444p10le: 8, rgb48be: 6 },
    ...{ rgba64le: 8, gray16le: 2, gbrp12le: 6, gbrap16be: 8, gbrpf32le: 12, p210le: 4 },
  };
  for (const [name, expected] of Object.entries(deep)) assert.equal(bytesPerPixel(name), expected, name);
  assert.equal(bytesPerPixel('of-tomorrow'), 3);
});

test('a video may grow to 1080p, and no further than the blocks that it declares', () => {
  assert.equal(maxDecodedPixels({ width: 320, height: 240 }), 1920 * 1088);
  assert.equal(maxDecodedPixels({ width: 7680, height: 4320 }), 7680 * 4352);
});

test('what declares little gets little, whatever runs at once', () => {
  assert.ok(probeMemory(140_000, [{ codec: 'h264', width: 320, height: 240 }]) < 0.4 * GIB);
  assert.ok(bareMemory(140_000) < 0.35 * GIB);
  assert.ok(encodeMemory(reading(SMALL), [{ width: 320, height: 240 }]) < 0.8 * GIB);
  const cover = pictureMemory(reading(SMALL), { width: 320, height: 240, count: 40 });
  assert.ok(mayRunAtOnce(2 * cover));
});

test('a file that declares nothing, or very much, is read with at most 1.5 GiB', () => {
  assert.equal(probeMemory(140_000, []), 1.5 * GIB);
  assert.equal(probeMemory(140_000, [{ codec: 'h264', width: 0, height: 0 }]), 1.5 * GIB);
  const largest = Array.from({ length: 2 }, () => ({ codec: 'h264', width: 8192, height: 4352 }));
  assert.equal(probeMemory(140_000, largest), 1.5 * GIB);
  assert.ok(!mayRunAtOnce(2 * 1.5 * GIB));
});

test('an 8K film gets what its pictures, renditions and tone mapping take', () => {
  const picture = 7680 * 4352 * 3;
  const encode = encodeMemory(reading(LARGE), RENDITIONS);
  assert.ok(encode > 24 * picture, `${encode}`);
  // another value than the literal of the sample
  const flat = encodeMemory(reading({ ...LARGE, hdr: 'none' } as unknown as typeof SMALL), RENDITIONS);
  assert.ok(encode - flat > 500 * 1024 ** 2);
  assert.ok(encodeMemory(reading(LARGE), RENDITIONS.slice(3)) < encode);
  assert.ok(encodeMemory(reading(LARGE, 8), RENDITIONS) > encode);
});

test('a film in seven renditions gets what versions of ffmpeg with a thread for each part were measured to take', () => {
  const uhd = { ...SMALL, codedWidth: 3840, codedHeight: 2160 };
  // 5.1: 2,368; 9.0: 2,552
  const measuredOf71 = 2_736 * 1024 ** 2;
  assert.ok(encodeMemory(reading(uhd), RENDITIONS) > measuredOf71);
});

test('memory grows with the size of the file up to the largest index', () => {
  const [small, middle, large, huge] = [0, 100e6, 10e9, 100e9].map(bareMemory);
  assert.equal((middle ?? 0) - (small ?? 0), 100e6);
  assert.equal((large ?? 0) - (small ?? 0), 512 * 1024 ** 2);
  assert.equal(huge, large);
});

test('very large pictures get fewer threads and packets ahead, others as many as before', () => {
  assert.deepEqual([decoderThreads(SMALL, 16), packetsReadAhead(SMALL)], [16, 128]);
  assert.deepEqual([decoderThreads(LARGE, 16), packetsReadAhead(LARGE)], [3, 4]);
  assert.equal(decoderThreads(LARGE, 1), 1);
});
