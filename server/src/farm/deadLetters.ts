import type { AuditAction } from '@reelmill/shared/contracts/audit.ts';
import type { DeadLetterChoice } from '@reelmill/shared/ports/jobQueue.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type Actor, recordAuditEvent } from '../audit/auditLog.ts';
import type { ServerContext } from '../context/serverContext.ts';

/** As many as one visit to the broker takes out. */
const MAX_LETTERS = 1_000;

type Context = Pick<ServerContext, 'database' | 'queue'>;
type Choice = { limit?: number | undefined; ids?: readonly string[] | undefined };

/** Puts dead letters back where they came from. Returns how many. Throws `unavailable`. */
export function replayDeadLetters(
  { database, queue }: Context,
  choice: Choice,
  actor: Actor,
): Promise<number> {
  return audited({ database, choice, actor, action: 'dead_letter.replay' }, (chosen) =>
    queue.replayDeadLetters(chosen),
  );
}

/** Removes dead letters for good. Returns how many. Throws `unavailable`. */
export function discardDeadLetters(
  { database, queue }: Context,
  choice: Choice,
  actor: Actor,
): Promise<number> {
  return audited({ database, choice, actor, action: 'dead_letter.discard' }, (chosen) =>
    queue.discardDeadLetters(chosen),
  );
}

/** The broker has no transaction with the database: the entry has the outcome, also where it failed half-way. */
async function audited(
  audit: Pick<Context, 'database'> & { choice: Choice; actor: Actor; action: AuditAction },
  work: (choice: DeadLetterChoice) => Promise<number>,
): Promise<number> {
  const { database, choice, actor, action } = audit;
  const { ids, limit = MAX_LETTERS } = choice;
  const record = (outcome: { count: number } | { failed: string }): Promise<void> => {
    const details = { ...(ids === undefined ? { limit } : { ids: [...ids] }), ...outcome };
    return recordAuditEvent(database.models, actor, {
      action,
      target: { kind: 'dead_letters', id: null },
      details,
    });
  };
  try {
    const count = await work({ limit: ids === undefined ? limit : MAX_LETTERS, ids });
    await record({ count });
    return count;
  } catch (error) {
    if (error instanceof ReelmillError) await record({ failed: error.code });
    throw error;
  }
}
