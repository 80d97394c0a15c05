import type { TaskMessage, TaskResult, TaskSpec } from '@reelmill/shared/contracts/tasks.ts';
import type { VideoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ReaderTiming } from '../source/sourceReader.ts';
import { withSource } from '../source/withSource.ts';
import { runAudio } from './runAudio.ts';
import { runEncode } from './runEncode.ts';
import { runImages } from './runImages.ts';
import { runInspect } from './runInspect.ts';
import type { SourceInput } from './source.ts';
import type { TaskContext } from './taskContext.ts';

/**
 * Does one task to its end; everything that the result names is in the store by then, and nothing is left in the work
 * folder whatever happened. Throws a ReelmillError whose code says why and whether another try may help; `aborted`
 * after the context's signal. A MediaFault is thrown only where all that was asked of the source was delivered, and the
 * worker's disk had room.
 */
export async function runTask(
  message: TaskMessage,
  context: TaskContext,
  timing: Partial<ReaderTiming> = {},
): Promise<TaskResult> {
  const { spec, videoId, verifyAll } = message;
  const verifying = verifyAll ? { ...context, decodePercent: 100 } : context;
  const work = async (input: SourceInput, bound: TaskContext): Promise<TaskResult> => {
    if (spec.kind === 'inspect') return runInspect(spec, input, bound);
    const { folder } = spec.plan;
    const result = await makeObjects(folder ?? videoId, spec, input, bound);
    return folder === undefined ? result : { ...result, folder };
  };
  return withSource(verifying, spec.source, work, timing);
}

function makeObjects(
  folder: VideoFolder,
  spec: Exclude<TaskSpec, { kind: 'inspect' }>,
  input: SourceInput,
  context: TaskContext,
): Promise<Exclude<TaskResult, { kind: 'inspect' }>> {
  switch (spec.kind) {
    case 'encode':
      return runEncode(folder, spec, input, context);
    case 'audio':
      return runAudio(folder, spec, input, context);
    case 'images':
      return runImages(folder, spec, input, context);
  }
}
