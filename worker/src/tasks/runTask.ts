import type { TaskMessage, TaskResult, TaskSpec } from '@reelmill/shared/contracts/tasks.ts';
import { type TaskKeys, taskKeys } from '@reelmill/shared/core/objectKeys.ts';
import type { TaskContext } from '../context/taskContext.ts';
import { runEncode } from '../encode/runEncode.ts';
import { runImages } from '../images/runImages.ts';
import { runInspect } from '../inspect/runInspect.ts';
import { runAudio } from '../sound/runAudio.ts';
import { cropsByContainer } from '../source/containerCropping.ts';
import type { SourceInput } from '../source/inputGuard.ts';
import type { ReaderTiming } from '../source/sourceReader.ts';
import { type OpenSource, withSource } from '../source/withSource.ts';

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
  const { spec, videoId, tag, verifyAll } = message;
  const verifying = verifyAll ? { ...context, decodePercent: 100 } : context;
  const work = async (input: OpenSource, bound: TaskContext): Promise<TaskResult> => {
    if (spec.kind === 'inspect') return runInspect(spec, input, bound);
    const { folder, version, facts } = spec.plan;
    input.patch(facts.sourcePatches ?? []);
    const keys = taskKeys(folder ?? videoId, version, tag ?? null);
    const uncropped = { ...input, cropsByContainer: await cropsByContainer(bound) };
    const result = await makeObjects(keys, spec, uncropped, bound);
    if (tag !== undefined) return { ...result, tag };
    return folder === undefined ? result : { ...result, folder };
  };
  return withSource(verifying, spec.source, work, timing);
}

function makeObjects(
  keys: TaskKeys,
  spec: Exclude<TaskSpec, { kind: 'inspect' }>,
  input: SourceInput,
  context: TaskContext,
): Promise<Exclude<TaskResult, { kind: 'inspect' }>> {
  switch (spec.kind) {
    case 'encode':
      return runEncode(keys, spec, input, context);
    case 'audio':
      return runAudio(keys, spec, input, context);
    case 'images':
      return runImages(keys, spec, input, context);
  }
}
