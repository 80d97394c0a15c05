import type { TaskMessage, TaskResult } from '@reelmill/shared/contracts/tasks.ts';
import { withSource } from '../source/withSource.ts';
import { runAudio } from './runAudio.ts';
import { runEncode } from './runEncode.ts';
import { runImages } from './runImages.ts';
import { runInspect } from './runInspect.ts';
import type { TaskContext } from './taskContext.ts';

/**
 * Does one task to its end; everything that the result names is in the store by then, and nothing is left in the work
 * folder whatever happened. Throws a ReelmillError whose code says why and whether another try may help; `aborted`
 * after the context's signal.
 */
export async function runTask(message: TaskMessage, context: TaskContext): Promise<TaskResult> {
  const { spec, videoId } = message;
  return withSource(context, spec.source, async (input, bound) => {
    switch (spec.kind) {
      case 'inspect':
        return runInspect(spec, input, bound);
      case 'encode':
        return runEncode(videoId, spec, input, bound);
      case 'audio':
        return runAudio(videoId, spec, input, bound);
      case 'images':
        return runImages(videoId, spec, input, bound);
    }
  });
}
