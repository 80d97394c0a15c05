import { type Farm, farmSchema } from '@reelmill/shared/contracts/admin.ts';

type FarmTask = Farm['running'][number];
type FarmWorker = Farm['workers'][number];

const NOW = '2026-11-24T12:00:00.000Z';

/** A farm with nothing in it, with other facts where they are given. */
export function makeFarm(facts: Partial<Farm> = {}): Farm {
  return farmSchema.parse({
    queue: { ready: 0, consumers: 0, dead_letters: 0 },
    tasks: { pending: 0, queued: 0, running: 0, done: 0, failed: 0, canceled: 0 },
    oldest_pending_seconds: null,
    throughput: { tasks: 0, seconds: 600 },
    workers: [],
    running: [],
    recent_failures: [],
    drain_seconds: 0,
    suggested_replicas: 1,
    scale_command: 'docker compose up -d --scale worker=1',
    ...facts,
  });
}

export function makeWorker(id: string, facts: Partial<FarmWorker> = {}): FarmWorker {
  return {
    worker_id: id,
    host: 'farm-1',
    state: 'idle',
    cpus: 8,
    version: '0.1.0',
    started_at: NOW,
    last_seen_at: NOW,
    reason: null,
    task: null,
    ...facts,
  };
}

export function makeFailedTask(id: number, facts: Partial<FarmTask> = {}): FarmTask {
  return {
    task_id: id,
    video_id: 12,
    kind: 'encode',
    position: 3,
    state: 'failed',
    attempt: 1,
    lost_leases: 0,
    farm_faults: 0,
    worker_id: 'worker-1',
    error: { code: 'undecodable', message: 'The pictures cannot be read.', diagnostics: null },
    available_at: NOW,
    updated_at: NOW,
    ...facts,
  };
}
