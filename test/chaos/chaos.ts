import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeTemporaryFolder } from '../support/processes.ts';
import { checkObjects, checkProcesses, checkRows, checkScratch, cleanUp } from './checkRemains.ts';
import { checkUploads } from './checkUploads.ts';
import { makeClips } from './clips.ts';
import { openDistributedWorld } from './distributedWorld.ts';
import { Injector } from './injector.ts';
import { Load } from './load.ts';
import { createRandom } from './random.ts';
import { openStandaloneWorld } from './standaloneWorld.ts';
import { openTimeline, type Timeline } from './timeline.ts';
import { formatViolation, Violations } from './violations.ts';
import { type WebhookWatch, watchWebhooks } from './webhookWatch.ts';
import type { World } from './world.ts';

const READY_MS = 120_000;
const POLL_MS = 2_000;

export interface ChaosOptions {
  profile: 'distributed' | 'standalone';
  seed: number;
  /** How long uploads begin and faults happen. */
  minutes: number;
  /** How many faults at most; spread over the time. */
  faults: number;
  uploadsPerMinute: number;
  workers: number;
  /** How many different clips are uploaded. */
  clips: number;
  /** How long everything may take to come to its end once all faults have ended. */
  quietMinutes: number;
  /** For logs and the time line; stays. */
  logFolder: string;
  print(line: string): void;
}

/** What a run came to; one line of JSON. */
export interface Summary {
  profile: string;
  seed: number;
  minutes: number;
  faults: number;
  faults_by_kind: Record<string, number>;
  uploads: number;
  uploads_by_outcome: Record<string, number>;
  /** How often a program ended by itself. */
  unasked_exits: Record<string, number>;
  seconds_until_quiet: number;
  left_out: readonly string[];
  violations: number;
  violations_by_check: Record<string, number>;
}

interface Run {
  options: ChaosOptions;
  world: World;
  load: Load;
  webhooks: WebhookWatch;
  timeline: Timeline;
  violations: Violations;
  folder: string;
}

/** Hurts a system while creators use it, heals it, waits, and checks everything. Throws where the run itself fails. */
export async function runChaos(options: ChaosOptions): Promise<Summary> {
  const { logFolder, print } = options;
  await mkdir(logFolder, { recursive: true });
  const timeline = openTimeline(logFolder, print);
  const temporary = await makeTemporaryFolder('chaos');
  const ending = new AbortController();
  const random = createRandom(options.seed);
  const open = options.profile === 'distributed' ? openDistributedWorld : openStandaloneWorld;
  const clips = await makeClips(options.clips);
  const world = await open({ folder: temporary.path, logFolder, timeline, workers: options.workers });
  let webhooks: WebhookWatch | undefined;
  try {
    await world.heal();
    await untilReady(world);
    // files of uploads that went wrong stay there
    const files = path.join(logFolder, 'files');
    await mkdir(files, { recursive: true });
    const load = new Load({
      ...{ apiUrl: world.apiUrl, clips, folder: files, timeline, signal: ending.signal },
      random: random.fork('load'),
      perMinute: options.uploadsPerMinute,
    });
    await load.open();
    webhooks = await watchWebhooks(load.creators, random.fork('webhooks'));
    const violations = new Violations();
    const run = { options, world, load, webhooks, timeline, violations, folder: temporary.path };
    const injector = new Injector(world.faults, random.fork('faults'), timeline);
    await injectFaults(run, injector);
    const quietSeconds = await waitUntilQuiet(run);
    const outcomes = await checkEverything(run);
    for (const violation of violations.list) print(formatViolation(violation, timeline));
    return {
      ...{ profile: options.profile, seed: options.seed, minutes: options.minutes },
      ...{ faults: injector.total, faults_by_kind: injector.counts },
      ...{ uploads: load.uploads.length, uploads_by_outcome: outcomes },
      unasked_exits: Object.fromEntries(world.programs.map(({ name, exits }) => [name, exits])),
      seconds_until_quiet: Math.round(quietSeconds),
      left_out: world.leftOut,
      ...{ violations: violations.list.length, violations_by_check: violations.count() },
    };
  } finally {
    ending.abort();
    await webhooks?.close();
    await world.dispose();
    await timeline.close();
    await temporary.remove();
  }
}

async function injectFaults({ options, world, load }: Run, injector: Injector): Promise<void> {
  const over = AbortSignal.timeout(options.minutes * 60_000);
  const perMinute = options.faults / options.minutes;
  await Promise.all([load.run(over), injector.run(over, { perMinute, max: options.faults })]);
  await injector.stop();
  await world.heal();
}

/** Waits until every upload has its end and every message is delivered, for a bounded time. Returns how long it took. */
async function waitUntilQuiet({
  options,
  load,
  webhooks,
  timeline,
  violations,
  world,
}: Run): Promise<number> {
  const begun = timeline.now();
  timeline.add('everything is healed');
  await untilReady(world);
  const deadline = performance.now() + options.quietMinutes * 60_000;
  await load.finish(deadline - performance.now());
  await load.abortUnfinished();
  for (;;) {
    const videos = await load.listVideos();
    const reported = webhooks.reported();
    const open = videos.filter(({ status }) => status === 'transcoding' || status === 'uploading');
    const unreported = videos.filter(
      ({ id, status }) =>
        (status === 'online' || status === 'failed') && !reported.has(`video.${status} ${id}`),
    );
    if (open.length + unreported.length === 0) break;
    if (performance.now() > deadline) {
      for (const { id, title, status, phase, progress } of open)
        violations.add('still waiting', `${title} is ${status} (${phase}, ${progress} %)`, {
          videoId: id,
          ...findUpload(load, title),
        });
      break;
    }
    await pause(POLL_MS);
  }
  timeline.add('quiet');
  return timeline.now() - begun;
}

function findUpload(load: Load, title: string) {
  const upload = load.uploads.find(({ name }) => name === title.split(' ')[0]);
  return upload === undefined ? {} : { upload };
}

/** Returns how many uploads came to each end. */
async function checkEverything({
  world,
  load,
  webhooks,
  violations,
  folder,
}: Run): Promise<Record<string, number>> {
  const ready = await isReady(world).catch(() => false);
  if (!ready) violations.add('not ready', 'the API is not ready');
  for (const name of await world.stop())
    violations.add('stop', `${name} did not end in order when it was asked to`);
  await checkProcesses(world.mark, violations);
  await checkScratch(world.scratchFolders, violations);
  webhooks.check(load.uploads, violations);
  const remains = await world.openRemains();
  try {
    const { counts, expectedKeys } = await checkUploads({ remains, violations, folder }, load.uploads);
    await cleanUp(remains);
    await checkObjects(remains, expectedKeys, violations);
    await checkRows(remains, violations);
    return counts;
  } finally {
    await remains.close();
  }
}

async function untilReady(world: World): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (!(await isReady(world).catch(() => false))) {
    if (performance.now() > deadline) throw new Error('the API was not ready in time');
    await pause(POLL_MS / 8);
  }
}

async function isReady(world: World): Promise<boolean> {
  const response = await fetch(`${world.apiUrl}/readyz`, { signal: AbortSignal.timeout(5_000) });
  await response.arrayBuffer();
  return response.ok;
}
