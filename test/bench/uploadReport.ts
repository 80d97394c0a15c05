import { type BenchReport, ratioAgainst, secondsOf } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { benchUpload } from './upload.ts';

const TARGET = { atLeast: 1 };
const MEMORY_TARGET_MEBIBYTES = 200;

/** The upload bench as one of those that `npm run bench` runs. */
export async function reportUpload({ runs }: BenchOptions): Promise<BenchReport> {
  const { sizeBytes, clients, ratioToFastest } = await benchUpload({ runs });
  const peak = clients[0]?.peakMebibytes ?? Number.NaN;
  return {
    title: `upload: ${sizeBytes / 1024 ** 2} MiB to MinIO, every client with its defaults`,
    columns: ['', 'median (runs)', 'throughput', 'peak memory'],
    rows: clients.map(({ name, seconds, mebibytesPerSecond, peakMebibytes }) => [
      name,
      secondsOf(seconds),
      `${mebibytesPerSecond.toFixed(0)} MiB/s`,
      `${peakMebibytes.toFixed(0)} MiB`,
    ]),
    remarks: [
      `throughput against the fastest other: ${ratioAgainst(ratioToFastest, TARGET)}`,
      `memory under ${MEMORY_TARGET_MEBIBYTES} MiB: ${peak < MEMORY_TARGET_MEBIBYTES ? 'met' : 'missed'}`,
    ],
  };
}
