import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';
import { plannedDurationSeconds } from '@reelmill/shared/core/timeline.ts';
import type { Transaction } from 'sequelize';
import type { Models } from '../db/models.ts';
import type { VideoRow } from '../db/rows.ts';
import { encodeTasks, planVideo } from '../plan/planVideo.ts';
import type { Verdict } from '../state/retryPolicy.ts';
import { correctUsage, recordUsage } from '../users/processingLimits.ts';
import { findLiveWorkers } from '../workers/liveWorkers.ts';
import { cancelOpenTasks, type Revocation } from './cancelTasks.ts';
import { newTask, openInspection, toTaskSource } from './tasks.ts';

export interface PlanChange {
  models: Models;
  transaction: Transaction;
  /** Locked by the transaction. */
  video: VideoRow;
  requestId: string | null;
  chunkSeconds: number;
}

/**
 * Saves what inspection found out, the plan made from it, and its tasks. `again`: another plan of the same transcode came
 * before. `verdicts` are those that the tasks of that plan came to.
 */
export async function savePlan(
  change: PlanChange & {
    facts: MediaFacts;
    singleChunk?: boolean;
    again?: boolean;
    verdicts?: readonly Verdict[];
  },
): Promise<void> {
  const { models, transaction, video, facts, requestId } = change;
  const now = new Date();
  const planned = planVideo(facts, {
    version: video.planVersion,
    chunkSeconds: change.chunkSeconds,
    workers: (await findLiveWorkers(models, now, transaction)).length,
    singleChunk: change.singleChunk ?? false,
  });
  const { objectFolder } = video;
  const plan = objectFolder ? { ...planned, folder: objectFolder } : planned;
  const { num, den } = facts.video.outputFrameRate;
  const durationSeconds = plannedDurationSeconds(plan);
  await video.update(
    {
      plan,
      phase: 'encoding',
      durationSeconds,
      width: facts.video.displayWidth,
      height: facts.video.displayHeight,
      frameRate: num / den,
      notices: facts.notices?.length ? facts.notices : null,
    },
    { transaction },
  );
  const { id: videoId, userId } = video;
  if (change.again) await correctUsage(models, { videoId, seconds: durationSeconds }, transaction);
  else await recordUsage(models, { userId, videoId, seconds: durationSeconds }, now, transaction);
  const tasks = encodeTasks(plan, toTaskSource(video));
  await models.Task.bulkCreate(
    tasks.map(({ spec, position, unitsTotal }) => ({
      ...newTask(video.id, plan.version, requestId, now),
      kind: spec.kind,
      position,
      spec,
      unitsTotal,
      verdicts: spec.kind === 'encode' ? (change.verdicts ?? null) : null,
    })),
    { transaction },
  );
}

/** Whether a plan that does not fit its source can be followed by another: see the two functions below. */
export function canBePlannedAgain({ plan }: Pick<VideoRow, 'plan'>): boolean {
  return plan !== null && (!plan.facts.thorough || plan.chunks.length > 1);
}

/**
 * Has the source read as a whole, because a plan that was made from samples of it did not fit. Returns the leases of the
 * tasks that were in work; null, and nothing is changed, where that was done for this plan already.
 */
export async function inspectThoroughly(change: PlanChange): Promise<Revocation[] | null> {
  const { models, transaction, video } = change;
  if (video.plan === null || video.plan.facts.thorough) return null;
  const revoked = await cancelOpenTasks(models, video.id, transaction);
  // the phase stays: the video counts as planned, and waits for no limit of its owner's a second time
  const planVersion = video.planVersion + 1;
  await video.update({ planVersion, playable: false, notices: null }, { transaction });
  await openInspection(change, { thorough: true });
  return revoked;
}

/**
 * Plans the video again as one chunk, because chunks did not come out as planned. Returns the leases of the tasks that
 * were in work; null, and nothing is changed, where the plan was one chunk already. With `verdicts`, which the new tasks
 * begin with, that one is planned again, too. `thorough`: no other inspection is made of it.
 */
export async function planAsSingleChunk(
  change: PlanChange & { verdicts?: readonly Verdict[]; thorough?: boolean },
): Promise<Revocation[] | null> {
  const { models, transaction, video } = change;
  const { plan } = video;
  if (plan === null || (plan.chunks.length === 1 && change.verdicts === undefined)) return null;
  const revoked = await cancelOpenTasks(models, video.id, transaction);
  const planVersion = video.planVersion + 1;
  await video.update({ planVersion, playable: false, notices: null }, { transaction });
  const facts = change.thorough ? { ...plan.facts, thorough: true } : plan.facts;
  await savePlan({ ...change, facts, singleChunk: true, again: true });
  return revoked;
}
