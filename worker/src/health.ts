import { readWorkerConfig } from '@reelmill/shared/runtime/config.ts';
import { isHealthy } from './health/healthFile.ts';

/*
 * What a container's probes run: exits 0 while the worker of this environment is alive and connected to the broker; with
 * the argument `alive` while it is alive, for a restart does not bring a broker back.
 */

const connected = process.argv[2] !== 'alive';
const { WORK_DIR } = readWorkerConfig(process.env);
process.exitCode = (await isHealthy(WORK_DIR, new Date(), { connected })) ? 0 : 1;
