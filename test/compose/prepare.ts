import type { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { makeBaseImages } from './baseImages.ts';
import { buildImages } from './composeFarm.ts';
import { findCompose } from './composeProgram.ts';
import { dockerAt } from './docker.ts';
import { startEngine } from './engine.ts';

/** Starts an engine, builds every image, and puts the engine's address into this process's environment. */
export async function prepareDocker(cleanupStack: CleanupStack, say: (line: string) => void): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('only root can start a Docker engine');
  const composeProgram = await findCompose();
  const engine = await startEngine();
  cleanupStack.add('engine', engine.stop);
  const address = { DOCKER_HOST: engine.host, REELMILL_TEST_COMPOSE: composeProgram };
  const docker = dockerAt(address);
  say('making the base images');
  await makeBaseImages(docker);
  say("building the project's images");
  await buildImages(docker);
  Object.assign(process.env, address);
}
