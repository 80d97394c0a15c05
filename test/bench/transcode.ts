import { makeTemporaryFolder } from '../support/processes.ts';
import { startServerProcess } from '../support/server.ts';
import { transcodeBare } from './bareFfmpeg.ts';
import { readCpuSeconds } from './cpuTime.ts';
import { FarmClient } from './farmClient.ts';
import { type BenchReport, type Cost, median, medianCost, ratioAgainst, secondsOf } from './figures.ts';
import { type Film, shortFilm } from './films.ts';
import type { BenchOptions } from './options.ts';

const TARGET = { atMost: 1.05 };

/**
 * From the request that completes an upload until the video is online, on the standalone server with its one worker,
 * against one bare ffmpeg over the same file, in turns.
 */
export async function benchTranscode(options: BenchOptions): Promise<BenchReport> {
  const film = await shortFilm(options.seconds);
  const folder = await makeTemporaryFolder('bench');
  const server = await startServerProcess({ REELMILL_DATA: folder.path });
  const farm: Cost[] = [];
  const bare: Cost[] = [];
  try {
    const client = await FarmClient.signUp(server.url);
    for (let run = 0; run < options.runs; run += 1) {
      farm.push(await transcodeOnFarm(client, film, server.process.pid));
      bare.push(await transcodeBare(film));
      options.onRun(
        `${run + 1} of ${options.runs}: ${[farm.at(-1), bare.at(-1)].map((cost) => cost?.seconds.toFixed(1)).join(' s, ')} s`,
      );
    }
  } finally {
    await server.stop();
    await folder.remove();
  }
  return report(film, farm, bare);
}

async function transcodeOnFarm(client: FarmClient, film: Film, serverPid: number): Promise<Cost> {
  const video = await client.upload(film.file);
  const cpuBefore = await readCpuSeconds(serverPid);
  const begun = performance.now();
  await video.complete();
  const online = await video.waitFor('online', ({ status }) => status === 'online');
  const seconds = (performance.now() - begun) / 1000;
  const cpuSeconds = (await readCpuSeconds(serverPid)) - cpuBefore;
  if (Math.abs((online.duration ?? 0) - film.seconds) > 1)
    throw new Error(`online with ${online.duration} s`);
  await video.remove();
  return { seconds, cpuSeconds };
}

function report(film: Film, farm: readonly Cost[], bare: readonly Cost[]): BenchReport {
  const row = (name: string, costs: readonly Cost[]): string[] => [
    name,
    secondsOf(costs.map(({ seconds }) => seconds)),
    `${medianCost(costs).cpuSeconds.toFixed(1)} s`,
    `${(film.seconds / medianCost(costs).seconds).toFixed(2)}x`,
  ];
  const pairs = farm.map(({ seconds }, index) => seconds / (bare[index]?.seconds ?? Number.NaN));
  const cpu = medianCost(farm).cpuSeconds / medianCost(bare).cpuSeconds;
  return {
    title: `transcode: ${film.seconds} s of 1080p30, from complete to online`,
    columns: ['', 'median (runs)', 'CPU', 'speed'],
    rows: [row('one worker', farm), row('bare ffmpeg', bare)],
    remarks: [
      `ratio of the medians: ${ratioAgainst(medianCost(farm).seconds / medianCost(bare).seconds, TARGET)}`,
      `median of the ratios of each turn: ${median(pairs).toFixed(3)} (${pairs.map((ratio) => ratio.toFixed(3)).join(' ')})`,
      `ratio of the CPU time: ${cpu.toFixed(3)}`,
    ],
  };
}
