import type { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { waitForDependency } from '@reelmill/shared/runtime/dependencies.ts';
import { createFirstAdmin } from '../auth/firstAdmin.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { classifyOpenFailure } from '../db/openFailure.ts';
import { startMaintenance } from '../maintenance/registry.ts';
import { startDeliverer } from '../webhooks/deliverer.ts';
import { startFarm } from './startFarm.ts';

/**
 * Starts the background services of every server and adds them to the cleanup stack. Waits for a database that becomes
 * unavailable meanwhile, until `signal` is aborted.
 */
export async function startServices(
  context: ServerContext,
  cleanupStack: CleanupStack,
  signal: AbortSignal,
): Promise<void> {
  const makeAdmin = (): Promise<void> =>
    createFirstAdmin(context).catch((error: unknown) => {
      throw classifyOpenFailure(error);
    });
  await waitForDependency('database', makeAdmin, { signal, log: context.dependencyLog });
  const farm = await startFarm(context);
  cleanupStack.add('farm', () => farm.stop());
  const deliverer = startDeliverer(context);
  cleanupStack.add('webhooks', () => deliverer.stop());
  const maintenance = startMaintenance(context);
  cleanupStack.add('maintenance', () => maintenance.stop());
}
