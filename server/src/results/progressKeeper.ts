import { Op } from 'sequelize';
import type { FarmContext } from '../context/farmContext.ts';
import type { VideoRow } from '../db/rows.ts';
import { encodeTasks } from '../plan/planVideo.ts';
import { createBoundedCache } from '../signing/boundedCache.ts';
import { INSPECTION_SHARE, isPlayable, progressOf, shareOf, type TaskShare } from './videoProgress.ts';

/** Shares of this many tasks are remembered; a three-hour film has about 400. */
const REMEMBERED_TASKS = 50_000;

/** Keeps `progress` and `playable` of videos in step with their tasks. */
export class ProgressKeeper {
  readonly #context: FarmContext;
  /** By video and plan version, then by the task's position. */
  readonly #shares = createBoundedCache<Map<number, TaskShare>>(REMEMBERED_TASKS, (shares) => shares.size);

  constructor(context: FarmContext) {
    this.#context = context;
  }

  /** Reads the tasks of a video that is transcoding and saves what follows from them. Progress never goes back. */
  async refresh(videoId: number): Promise<void> {
    const { models } = this.#context.database;
    const video = await models.Video.findOne({
      attributes: ['id', 'planVersion', 'progress', 'playable', 'sourceKey', 'sizeBytes'],
      where: { id: videoId, status: 'transcoding' },
    });
    if (video === null) return;
    const shares = await this.#sharesOf(video);
    const tasks = await models.Task.findAll({
      attributes: ['position', 'kind', 'state', 'unitsDone', 'unitsTotal', 'segmentsDone'],
      where: { videoId, planVersion: video.planVersion },
    });
    const measured = tasks.map(({ position, state, unitsDone, unitsTotal, segmentsDone }) => {
      const share = shares.get(position) ?? INSPECTION_SHARE;
      return { ...share, state, unitsDone, unitsTotal, segmentsDone };
    });
    await this.#save(video, { progress: progressOf(measured), playable: isPlayable(measured) });
  }

  async #save(video: VideoRow, found: { progress: number; playable: boolean }): Promise<void> {
    const { database, signals } = this.#context;
    const current = { id: video.id, status: 'transcoding', planVersion: video.planVersion } as const;
    let changed = 0;
    if (found.progress > video.progress) {
      const where = { ...current, progress: { [Op.lt]: found.progress } };
      changed += (await database.models.Video.update({ progress: found.progress }, { where }))[0];
    }
    if (found.playable && !video.playable) {
      changed += (await database.models.Video.update({ playable: true }, { where: current }))[0];
    }
    if (changed > 0) signals.videoChanged(video.id);
  }

  async #sharesOf(video: VideoRow): Promise<Map<number, TaskShare>> {
    const key = `${video.id} ${video.planVersion}`;
    const known = this.#shares.get(key);
    if (known !== undefined) return known;
    const planned = await this.#context.database.models.Video.findByPk(video.id, { attributes: ['plan'] });
    const shares = new Map<number, TaskShare>();
    if (!planned?.plan || planned.plan.version !== video.planVersion) return shares;
    const source = { key: video.sourceKey, sizeBytes: Number(video.sizeBytes) };
    for (const task of encodeTasks(planned.plan, source)) shares.set(task.position, shareOf(task));
    this.#shares.set(key, shares);
    return shares;
  }
}
