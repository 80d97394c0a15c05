import { openDistributed } from './distributed.ts';
import { PROFILE_ENV, type ProfileUnderTest } from './standaloneProfile.ts';

/** MariaDB, RabbitMQ and MinIO, with a server and two workers as processes. */
export async function openDistributedProfile(): Promise<ProfileUnderTest> {
  const farm = await openDistributed({ env: PROFILE_ENV });
  try {
    const server = await farm.startServer();
    const workerIds = ['worker-a', 'worker-b'];
    const workers = await Promise.all(workerIds.map((id) => farm.startWorker(id)));
    return {
      url: server.url,
      store: farm.store,
      models: farm.database.models,
      workDir: farm.workDir,
      workerIds,
      lastLines: () => [server.process, ...workers].map((one) => one.lastLines()).join('\n'),
      stop: () => farm.dispose(),
    };
  } catch (error) {
    await farm.dispose();
    throw error;
  }
}
