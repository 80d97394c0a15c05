import type { DeadLetter, Farm, FarmWorker } from '@reelmill/shared/contracts/admin.ts';
import { countWaiting, countWorkers, sumSpeed } from '../../engine/farmFigures.ts';
import { formatSeconds, printable, shorten } from '../formats.ts';
import { alignColumns, formatAge, plural } from '../table.ts';

type FarmTask = Farm['running'][number];

const TEXT_CHARACTERS = 100;

/** Returns the farm as lines for people. With `letters` null, only their number is included. */
export function formatFarm(farm: Farm, letters: readonly DeadLetter[] | null, now: Date): string[] {
  return [
    ...formatSummary(farm),
    '',
    ...formatWorkers(farm, now),
    ...formatQuarantine(farm.quarantined),
    ...formatStoppedJobs(farm.stopped_jobs),
    ...formatBlocked(farm.waiting),
    ...formatConfinement(farm.workers),
    ...formatFailures(farm.recent_failures, now),
    ...formatLetters(letters ?? [], now),
  ];
}

function formatStoppedJobs(jobs: Farm['stopped_jobs']): string[] {
  if (jobs.length === 0) return [];
  const rows = jobs.map(({ job, reason }) => [`  ${job}`, printable(reason)]);
  return ['', 'Stopped cleanup jobs (see `reelmill admin retention`):', ...alignColumns(rows)];
}

function formatSummary(farm: Farm): string[] {
  const { queue, tasks, throughput, suggested_replicas: suggested } = farm;
  const states = Object.entries(tasks).map(([state, count]) => `${count} ${state}`);
  const perMinute = (throughput.tasks / throughput.seconds) * 60;
  const speed = sumSpeed(farm.workers);
  return alignColumns([
    ['Queue', `${formatQueue(farm)}; ${formatWaiting(farm)}`],
    ['Tasks', states.join(', ')],
    [
      'Throughput',
      `${plural(throughput.tasks, 'task')} done in the last ${formatSeconds(throughput.seconds)} (${perMinute.toFixed(1)} a minute)` +
        (speed === null ? '' : `, encoding at ${speed.toFixed(1)}x real time`),
    ],
    ['Drain', formatDrain(farm)],
    ['Suggested', `${plural(suggested, 'worker')}: ${farm.scale_command}`],
    ['Dead letters', queue === null ? 'unknown' : String(queue.dead_letters)],
  ]);
}

function formatQueue({ queue }: Farm): string {
  if (queue === null) return 'the message broker does not respond';
  return `${queue.ready} ready, ${plural(queue.consumers, 'worker')} listening`;
}

function formatWaiting(farm: Farm): string {
  const { oldest_pending_seconds: oldest } = farm;
  const waiting = `${plural(countWaiting(farm), 'task')} waiting`;
  return oldest === null ? waiting : `${waiting}, the oldest for ${formatSeconds(oldest)}`;
}

function formatDrain({ drain_seconds: seconds, workers }: Farm): string {
  const { working } = countWorkers(workers);
  if (seconds === 0) return 'nothing left to do';
  if (working === 0) return 'no worker is active';
  if (seconds === null) return 'known once a task is finished';
  return `${formatSeconds(seconds)} with ${plural(working, 'worker')}`;
}

/** Returns a line for each worker. */
export function formatWorkers({ workers, running }: Pick<Farm, 'workers' | 'running'>, now: Date): string[] {
  if (workers.length === 0) return ['No worker was seen today.'];
  const parts = new Map(running.map(({ task_id, position }) => [task_id, position]));
  return alignColumns([
    ['WORKER', 'HOST', 'STATE', 'CORES', 'FFMPEG', 'SEEN', 'TASK'],
    ...workers.map((worker) => [
      printable(worker.worker_id),
      printable(worker.host),
      worker.state,
      String(worker.cpus),
      printable(worker.ffmpeg_version ?? '-'),
      formatAge(worker.last_seen_at, now),
      formatWork(worker, parts),
    ]),
  ]);
}

/** Returns nothing where ffmpeg is fully confined. */
function formatConfinement(workers: readonly FarmWorker[]): string[] {
  const lines = workers.flatMap(({ worker_id, confinement }) =>
    (confinement?.missing ?? []).map(({ what, why }) => [
      printable(worker_id),
      what,
      shorten(printable(why), TEXT_CHARACTERS),
    ]),
  );
  return lines.length === 0 ? [] : ['', ...alignColumns([['NOT CONFINED', 'IN', 'REASON'], ...lines])];
}

function formatWork({ task, reason }: FarmWorker, parts: ReadonlyMap<number, number>): string {
  if (task === null) return reason === null ? '-' : shorten(printable(reason), TEXT_CHARACTERS);
  const speed = task.speed === null ? '' : `, ${task.speed.toFixed(1)}x`;
  return `${formatTask({ ...task, position: parts.get(task.task_id) })}, ${Math.floor(task.progress)} %${speed}`;
}

/** `encode part 4 of video 12`; only encoding is done in parts. */
function formatTask(
  task: Pick<FarmTask, 'task_id' | 'video_id' | 'kind'> & { position: number | undefined },
): string {
  const part = task.kind === 'encode' && task.position !== undefined ? ` part ${task.position + 1}` : '';
  return `${task.kind}${part} of video ${task.video_id} (task ${task.task_id})`;
}

function formatQuarantine(tasks: readonly FarmTask[]): string[] {
  if (tasks.length === 0) return [];
  const lines = tasks.map((task) => [
    formatTask(task),
    `${task.lost_leases} in a row`,
    printable(task.worker_id ?? '-'),
    task.available_at,
  ]);
  return [
    '',
    ...alignColumns([['QUARANTINED TASK', 'WORKERS LOST', 'LAST WORKER', 'NEXT ATTEMPT'], ...lines]),
  ];
}

function formatBlocked(tasks: readonly FarmTask[]): string[] {
  if (tasks.length === 0) return [];
  const lines = tasks.map((task) => [
    formatTask(task),
    String(task.farm_faults),
    formatError(task),
    task.available_at,
  ]);
  return ['', ...alignColumns([['WAITING TASK', 'ATTEMPTS LOST', 'LAST REASON', 'NEXT ATTEMPT'], ...lines])];
}

function formatError({ error }: FarmTask): string {
  return error === null ? '-' : `${error.code}: ${shorten(printable(error.message), TEXT_CHARACTERS)}`;
}

function formatFailures(tasks: readonly FarmTask[], now: Date): string[] {
  if (tasks.length === 0) return [];
  const lines = tasks.map((task) => [
    formatTask(task),
    formatAge(task.updated_at, now),
    plural(task.attempt, 'attempt'),
    printable(task.worker_id ?? '-'),
    formatError(task),
  ]);
  return ['', ...alignColumns([['FAILED TASK', 'WHEN', 'ATTEMPTS', 'WORKER', 'REASON'], ...lines])];
}

function formatLetters(letters: readonly DeadLetter[], now: Date): string[] {
  if (letters.length === 0) return [];
  const lines = letters.map((letter) => [
    printable(letter.queue),
    letter.died_at === null ? '-' : formatAge(letter.died_at, now),
    printable(letter.reason),
    shorten(printable(letter.body), TEXT_CHARACTERS),
  ]);
  return ['', ...alignColumns([['DEAD LETTER IN', 'WHEN', 'REASON', 'MESSAGE'], ...lines])];
}
