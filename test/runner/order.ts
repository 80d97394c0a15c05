import { existsSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Begun first, so that none of them is left over at the end. */
const LONGEST = [
  'test/component/desktopScreens.test.ts',
  'test/e2e/profiles.test.ts',
  'test/component/hostileMedia.test.ts',
  'test/e2e/backup.test.ts',
  'test/e2e/desktopQueue.test.ts',
  'test/component/mediaCorpus.test.ts',
  'test/component/wholeLength.test.ts',
  'test/component/requestRaces.test.ts',
  'test/component/desktopQueue.test.ts',
  'test/e2e/distributed.test.ts',
  'test/component/desktopSession.test.ts',
  'test/chaos/chaos.test.ts',
  'test/component/mediaSparse.test.ts',
];
/** They wait for leases to end, for silence to be noticed, for servers to come back; the longest first. */
const MOSTLY_WAITING = [
  'test/component/embeddedWorker.test.ts',
  'test/faults/farm.test.ts',
  'test/faults/lostWorkers.test.ts',
  'test/component/leastPrivilege.test.ts',
  'test/faults/startOrder.test.ts',
  'test/contract/amqpQueue.test.ts',
  'test/faults/upload.test.ts',
  'test/faults/staleWorker.test.ts',
  'test/component/autoscaling.test.ts',
  'test/component/rateLimits.test.ts',
  'test/faults/blame.test.ts',
  'test/component/requestLimits.test.ts',
  'test/faults/wrongClock.test.ts',
  'test/component/desktopWatchFolder.test.ts',
  'test/component/retentionFailures.test.ts',
  'test/component/replicas.test.ts',
  'test/component/monitoring.test.ts',
  'test/faults/webhooks.test.ts',
  'test/component/eventStreams.test.ts',
  'test/component/hungDatabase.test.ts',
];
const RANKS = [...LONGEST, ...MOSTLY_WAITING];

const moved = RANKS.filter((file) => !existsSync(path.join(ROOT, file)));
if (moved.length > 0) throw new Error(`files that are not there: ${moved.join(', ')}`);

/** Whether a test file leaves most of a core to others. */
export function mostlyWaits(file: string): boolean {
  return MOSTLY_WAITING.includes(file);
}

/** Compares test files: the longest first, those that take little by their names. */
export function byLength(one: string, other: string): number {
  return rankOf(one) - rankOf(other) || one.localeCompare(other);
}

function rankOf(file: string): number {
  const rank = RANKS.indexOf(file);
  return rank < 0 ? RANKS.length : rank;
}
