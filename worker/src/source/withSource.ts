import type { TaskSource } from '@reelmill/shared/contracts/tasks.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { SourceInput } from '../media/source.ts';
import type { TaskContext } from '../media/taskContext.ts';
import { openSourceReader } from './sourceReader.ts';

/**
 * Runs a task's work with its source readable at `input.url`, by the programs of the context that it is given. The
 * work is aborted as soon as the source cannot be read; its result and its own errors then do not count, and the
 * reader's fault is thrown. An abort of the task itself comes first.
 */
export async function withSource<T>(
  context: TaskContext,
  source: TaskSource,
  work: (input: SourceInput, context: TaskContext) => Promise<T>,
): Promise<T> {
  const { store, logger, confinement } = context;
  const reader = await openSourceReader({ store, source, logger, withSocket: confinement.needsSocket });
  const signal = AbortSignal.any([context.signal, reader.faulted]);
  try {
    const bound = { ...context, signal, confinement: confinement.reaching(reader.address) };
    const result = await work({ url: reader.url }, bound);
    if (reader.fault !== null) throw reader.fault;
    return result;
  } catch (error) {
    if (reader.fault === null || context.signal.aborted) throw error;
    throw withProgramOutput(reader.fault, error);
  } finally {
    await reader.close();
  }
}

/** The fault, with what the programs said of it for operators. */
function withProgramOutput(fault: ReelmillError, error: unknown): ReelmillError {
  const said = error instanceof ReelmillError && error !== fault ? error.diagnostics : undefined;
  if (said === undefined) return fault;
  return new ReelmillError(fault.code, fault.message, {
    cause: fault,
    diagnostics: `${fault.diagnostics}\n${said}`,
  });
}
