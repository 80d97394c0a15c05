import type { TaskKind } from '../contracts/tasks.ts';

/**
 * What every log line about a unit of work carries, from the request to ffmpeg, under the same names everywhere: a
 * search for one id finds the whole way. `attempt` counts this try.
 */
export function taskLogFields(task: {
  requestId: string | null;
  videoId: number;
  taskId: number;
  kind: TaskKind;
  attempt: number;
}): Record<string, string | number | null> {
  return {
    request_id: task.requestId,
    video_id: task.videoId,
    task_id: task.taskId,
    kind: task.kind,
    attempt: task.attempt,
  };
}
