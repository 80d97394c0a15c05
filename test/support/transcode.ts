import { encodeTasks, planVideo } from '@reelmill/server/plan/planVideo.ts';
import type { EncodePlan, MediaFacts, RenditionOutput } from '@reelmill/shared/contracts/media.ts';
import type { TaskResult, TaskSpec } from '@reelmill/shared/contracts/tasks.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import type { TaskContext, TaskProgress } from '../../worker/src/context/taskContext.ts';
import type { ReaderTiming } from '../../worker/src/source/sourceReader.ts';
import { runTask } from '../../worker/src/tasks/runTask.ts';
import type { MediaStore } from './mediaStore.ts';

export interface Transcoded {
  facts: MediaFacts;
  plan: EncodePlan;
  results: TaskResult[];
  /** Segments of all chunks put together, by quality. */
  renditions: Map<string, RenditionOutput[]>;
  audio: RenditionOutput | null;
}

const VIDEO_ID = 1;

/** The context of a task on a media store, for tests that run tasks themselves. */
export function taskContext(media: MediaStore, overrides: Partial<TaskContext> = {}): TaskContext {
  return {
    store: media.store,
    workDir: media.workDir,
    threads: 2,
    logger: createLogger({ level: 'silent', name: 'test' }),
    confinement: media.confinement,
    signal: AbortSignal.timeout(300_000),
    onProgress: () => {},
    decodePercent: 0,
    onVerified: () => {},
    ...overrides,
  };
}

/** Runs one task as a worker would. */
export function runSpec(
  media: MediaStore,
  spec: TaskSpec,
  overrides: Partial<TaskContext> = {},
  timing: Partial<ReaderTiming> = {},
): Promise<TaskResult> {
  const message = {
    v: 1 as const,
    taskId: 1,
    videoId: VIDEO_ID,
    leaseToken: crypto.randomUUID(),
    attempt: 1,
    requestId: null,
    spec,
  };
  return runTask(message, taskContext(media, overrides), timing);
}

/** Inspects, plans and makes everything of a file, one task after the other. */
export async function transcode(
  media: MediaStore,
  file: string,
  options: { chunkSeconds?: number; version?: number; onProgress?: (progress: TaskProgress) => void } = {},
): Promise<Transcoded> {
  const source = await media.addSource(file);
  const overrides = options.onProgress ? { onProgress: options.onProgress } : {};
  const inspected = await runSpec(media, { kind: 'inspect', source }, overrides);
  if (inspected.kind !== 'inspect') throw new Error(`inspect returned ${inspected.kind}`);
  const { facts } = inspected;
  const plan = planVideo(facts, { version: options.version ?? 1, chunkSeconds: options.chunkSeconds ?? 30 });
  const results: TaskResult[] = [];
  for (const task of encodeTasks(plan, source)) results.push(await runSpec(media, task.spec, overrides));
  return { facts, plan, results, renditions: joinRenditions(results), audio: audioOf(results) };
}

function joinRenditions(results: readonly TaskResult[]): Map<string, RenditionOutput[]> {
  const encodes = results.filter((result) => result.kind === 'encode').flatMap((result) => result.renditions);
  const begin = ({ segments }: RenditionOutput): number => segments[0]?.index ?? 0;
  return Map.groupBy(
    // the last chunk is not the one that is made last
    encodes.toSorted((a, b) => begin(a) - begin(b)),
    (output) => output.quality,
  );
}

function audioOf(results: readonly TaskResult[]): RenditionOutput | null {
  return results.find((result) => result.kind === 'audio')?.rendition ?? null;
}
