import { readWorkerConfig } from '@reelmill/shared/runtime/config.ts';
import { isHealthy } from './healthFile.ts';

/** What a container's health check runs: exits 0 while the worker of this environment is alive and connected. */
process.exitCode = (await isHealthy(readWorkerConfig(process.env).WORK_DIR, new Date())) ? 0 : 1;
