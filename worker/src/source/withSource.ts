import type { SourcePatch } from '@reelmill/shared/contracts/media.ts';
import type { TaskSource } from '@reelmill/shared/contracts/tasks.ts';
import { FarmFault, MediaFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { TaskContext } from '../context/taskContext.ts';
import { withDiagnostics } from '../context/taskErrors.ts';
import { TIME_LIMITS } from '../limits/timeLimits.ts';
import type { SourceInput } from './inputGuard.ts';
import { openSourceReader, type ReaderTiming, type SourceReader } from './sourceReader.ts';

/** A source that is being served. */
export type OpenSource = Required<Omit<SourceInput, 'cropsByContainer'>>;

/**
 * Runs a task's work with its source readable at `input.url`, by the programs of the context that it is given. The
 * work is aborted as soon as the source cannot be read; its result and its own errors then do not count, and the
 * reader's fault is thrown. An abort of the task itself comes first.
 *
 * Nor do they count where the programs did not get all that they asked for for another reason: `encoder_failed`, which
 * blames nobody, is thrown then. A MediaFault that leaves here is one about bytes that were read.
 */
export async function withSource<T>(
  context: TaskContext,
  source: TaskSource,
  work: (input: OpenSource, context: TaskContext) => Promise<T>,
  timing: Partial<ReaderTiming> = {},
): Promise<T> {
  const { store, logger, confinement } = context;
  const begun = performance.now();
  const reader = await openSourceReader({
    store,
    source,
    logger,
    withSocket: confinement.needsSocket,
    timing,
  });
  const signal = AbortSignal.any([context.signal, reader.faulted]);
  try {
    const bound = { ...context, signal, confinement: confinement.reaching(reader.address) };
    const input = {
      url: reader.url,
      deliveredBytes: () => reader.deliveredBytes,
      readBytes: (offset: number, length: number) => reader.readBytes(offset, length, signal),
      patch: (patches: readonly SourcePatch[]) => reader.patch(patches),
    };
    const result = await work(input, bound);
    if (reader.fault !== null) throw reader.fault;
    if (reader.refused) throw notReadError();
    return result;
  } catch (error) {
    if (context.signal.aborted) throw error;
    throw whatCounts(reader, error, begun);
  } finally {
    await reader.close();
  }
}

function whatCounts(reader: SourceReader, error: unknown, begun: number): unknown {
  if (reader.fault !== null) return withProgramOutput(reader.fault, error);
  if (!(error instanceof ReelmillError)) return error;
  if (error instanceof MediaFault && (reader.refused || reader.deliveredBytes === 0)) {
    return withProgramOutput(notReadError(), error);
  }
  return heldUpByStore(reader, error, begun) ? withProgramOutput(slowError(), error) : error;
}

/** Whether a program was ended because of the time that it waited for the store. */
function heldUpByStore(reader: SourceReader, { code }: ReelmillError, begun: number): boolean {
  const now = performance.now();
  if (code === 'stalled') return reader.waitedMs(now - TIME_LIMITS.stallMs) > TIME_LIMITS.stallMs / 2;
  return code === 'time_limit' && reader.waitedMs(begun) > (now - begun) / 2;
}

function notReadError(): ReelmillError {
  return new ReelmillError('encoder_failed', 'The program did not read what it was to judge.');
}

function slowError(): FarmFault {
  return new FarmFault('source_unreachable', 'The store does not deliver the source fast enough.');
}

/** The fault, with what the programs printed for operators. */
function withProgramOutput(fault: ReelmillError, error: unknown): ReelmillError {
  const output = error instanceof ReelmillError && error !== fault ? error.diagnostics : undefined;
  if (output === undefined) return fault;
  return withDiagnostics(fault, [fault.diagnostics, output].filter((text) => text !== undefined).join('\n'));
}
