import type { ServerContext } from '../../server/src/context/serverContext.ts';
import { waitFor } from './processes.ts';

/** A worker that said once that it is idle, of which there is no process. */
export async function addWorker({ database }: ServerContext, id: string): Promise<void> {
  const now = new Date();
  const row = { host: 'h', version: '0', cpus: 1, reason: null, taskId: null, startedAt: now };
  await database.models.Worker.create({ ...row, id, state: 'idle', lastSeenAt: now });
}

/** A task for pictures that failed while its video is transcoding; returns its id. */
export async function addFailedTask({ database }: ServerContext, videoId: number): Promise<number> {
  const { Task } = database.models;
  const inspect = await Task.findOne({
    where: { videoId },
    order: [['planVersion', 'DESC']],
    rejectOnEmpty: true,
  });
  const { id: _id, ...columns } = inspect.get();
  const failure = { errorCode: 'disk_full', errorMessage: 'full', finishedAt: new Date() } as const;
  const task = await Task.create({
    ...columns,
    ...failure,
    kind: 'images',
    position: 99,
    state: 'failed',
    attempt: 4,
  });
  return task.id;
}

/** Takes the inspection of a video, which waits, and refuses it, so that it is among the dead letters. */
export async function buryTask({ queue }: ServerContext, videoId: number): Promise<void> {
  const refused = Promise.withResolvers<void>();
  const consumer = await queue.consumeTasks(async (message) => {
    if (message.videoId !== videoId) return 'ack';
    refused.resolve();
    return 'dead_letter';
  });
  await refused.promise;
  await consumer.stop();
  await waitFor('the dead letter', async () => {
    const letters = await queue.peekDeadLetters(100);
    return letters.some(({ body }) => body.includes(`"videoId":${videoId}`));
  });
}
