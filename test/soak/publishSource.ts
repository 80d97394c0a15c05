import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { encodeTasks, planVideo } from '@reelmill/server/plan/planVideo.ts';
import {
  type AssembledVideo,
  assembleVideo,
  type FinishedTask,
} from '@reelmill/server/publish/assembleVideo.ts';
import { isDispensable } from '@reelmill/server/state/retryPolicy.ts';
import { isPlanMismatch } from '@reelmill/shared/contracts/errors.ts';
import type { EncodePlan, MediaFacts } from '@reelmill/shared/contracts/media.ts';
import type { NoticeCode, NoticeFacts } from '@reelmill/shared/contracts/notices.ts';
import type { TaskResult, TaskSpec } from '@reelmill/shared/contracts/tasks.ts';
import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { MediaStore } from '../support/mediaStore.ts';
import { runSpec } from '../support/transcode.ts';
import type { Recipe } from './recipeTypes.ts';

export interface PublishedSource {
  kind: 'published';
  plan: EncodePlan;
  video: AssembledVideo;
  notices: NoticeCode[];
  /** Tasks without whose result a video is published all the same. */
  leftOut: string[];
  /** How many plans it took. */
  plans: number;
}

export interface RefusedSource {
  kind: 'refused';
  code: string;
  message: string;
}

/** What follows where a plan does not fit its source, in this order. */
const PLANS = ['sampled', 'thorough', 'one chunk'] as const;

/** Runs every task of a file as workers would, and plans again where the server would. */
export async function publishSource(
  media: MediaStore,
  file: string,
  recipe: Recipe,
): Promise<PublishedSource | RefusedSource> {
  const source = await media.addSource(file);
  let facts: MediaFacts | null = null;
  for (const [index, kind] of PLANS.entries()) {
    try {
      if (facts === null || kind === 'thorough') {
        facts = await inspect(media, {
          kind: 'inspect',
          source,
          ...(kind === 'thorough' && { thorough: true }),
        });
      }
      const plan = planVideo(facts, {
        ...recipe.chunking,
        version: index + 1,
        singleChunk: kind === 'one chunk',
      });
      return { ...(await makePlan(media, plan, source, recipe)), plans: index + 1 };
    } catch (error) {
      if (!(error instanceof ReelmillError)) throw error;
      const { code, message, diagnostics } = error;
      if (facts !== null && isPlanMismatch(code) && index < PLANS.length - 1) continue;
      return { kind: 'refused', code, message: `${message} ${diagnostics ?? ''}`.trim() };
    }
  }
  throw new Error('every plan ends in a result');
}

async function inspect(media: MediaStore, spec: TaskSpec): Promise<MediaFacts> {
  const result = await runSpec(media, spec);
  if (result.kind !== 'inspect') throw new Error(`the inspection returned ${result.kind}`);
  return result.facts;
}

async function makePlan(
  media: MediaStore,
  plan: EncodePlan,
  source: { key: string; sizeBytes: number },
  { images }: Recipe,
): Promise<Omit<PublishedSource, 'plans'>> {
  const leftOut: string[] = [];
  const finished: FinishedTask[] = [];
  for (const { spec } of encodeTasks(plan, source)) {
    if (spec.kind === 'images' && !images) continue;
    const result = await runTwice(media, spec).catch((error: unknown) => {
      if (!(error instanceof ReelmillError) || !isDispensable(spec.kind, error.code)) throw error;
      leftOut.push(`${spec.kind}: ${error.code} ${error.diagnostics ?? ''}`.trim());
      return null;
    });
    finished.push({ spec, result });
  }
  const assembly = assembleVideo(plan, finished);
  if (!assembly.ok) throw new ReelmillError('frame_count_mismatch', assembly.reason);
  const told = [...(plan.facts.notices ?? []), ...finished.flatMap(({ result }) => noticesOf(result))];
  const notices = new Set<NoticeCode>(told.map(({ code }) => code));
  if (leftOut.some((what) => what.startsWith('audio'))) notices.add('audio_left_out');
  return { kind: 'published', plan, video: assembly.video, notices: [...notices], leftOut };
}

/** What fails for no known reason is tried again, as the server would. */
function runTwice(media: MediaStore, spec: TaskSpec): Promise<TaskResult> {
  return runSpec(media, spec).catch((error: unknown) => {
    if (error instanceof ReelmillError && error.retryable) return runSpec(media, spec);
    throw error;
  });
}

function noticesOf(result: TaskResult | null): readonly NoticeFacts[] {
  return result !== null && 'notices' in result && result.notices ? result.notices : [];
}

/** Puts the objects of one rendition, or of `audio`, together in a file, for as long as `read` works. */
export async function withJoined<T>(
  media: MediaStore,
  { plan, video }: PublishedSource,
  name: string,
  read: (file: string) => Promise<T>,
): Promise<T> {
  const made = [
    ...video.renditions.map(({ rendition, segments }) => ({ name: rendition.quality, segments })),
  ];
  if (video.audio) made.push({ name: 'audio', segments: video.audio.segments });
  const segments = made.find((one) => one.name === name)?.segments ?? [];
  const keys = [
    objectKeys.init(1, name, plan.version),
    ...segments.map(({ index }) => objectKeys.segment(1, name, plan.version, index)),
  ];
  const parts: Buffer[] = [];
  for (const key of keys) parts.push(await buffer(await media.store.get(key)));
  const file = path.join(media.root, `soak-${name}.mp4`);
  await writeFile(file, Buffer.concat(parts));
  try {
    return await read(file);
  } finally {
    await rm(file, { force: true });
  }
}
