import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { z } from 'zod';
import { IPC_CALLS, type IpcCall, type IpcReply, type IpcResult } from '../../contracts/ipc.ts';
import { isOfApp } from '../window/pageRequests.ts';

/** The handler of each call; its arguments are validated. Throws a `ReelmillError` with a code. */
export type IpcHandlers = {
  [Call in IpcCall]: (args: z.output<(typeof IPC_CALLS)[Call]['args']>) => Promise<IpcResult<Call>>;
};

/** The part of Electron's event that identifies the caller. */
export interface CallSender {
  senderFrame: { url: string; parent: unknown } | null;
}

/** Handles one call of the page and returns the reply. Never rejects: a rejection would lose its code over IPC. */
export async function handleCall(
  sender: CallSender,
  name: unknown,
  args: unknown,
  { handlers, logger }: { handlers: IpcHandlers; logger: Logger },
): Promise<IpcReply> {
  try {
    assertOwnPage(sender);
    const call = readName(name);
    const checked = readArgs(call, args);
    // the name and its arguments belong together, which the compiler cannot see once both are variables
    const handle = handlers[call] as (args: unknown) => Promise<unknown>;
    return { ok: true, value: await handle(checked) };
  } catch (error) {
    return { ok: false, error: formatError(error, name, logger) };
  }
}

/** Throws `forbidden` unless the caller is the app's own page: no frame in it and no page in its place. */
function assertOwnPage({ senderFrame }: CallSender): void {
  if (senderFrame !== null && senderFrame.parent === null && isOfApp(senderFrame.url)) return;
  throw new ReelmillError('forbidden', 'Only the window of the app may make this call.');
}

function readName(name: unknown): IpcCall {
  if (typeof name === 'string' && isCall(name)) return name;
  throw new ReelmillError('not_found', 'There is no such call.');
}

function isCall(name: string): name is IpcCall {
  return Object.hasOwn(IPC_CALLS, name);
}

function readArgs(call: IpcCall, args: unknown): unknown {
  const parsed = IPC_CALLS[call].args.safeParse(args);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new ReelmillError('validation_failed', [field, issue?.message].filter(Boolean).join(': '));
}

function formatError(
  error: unknown,
  name: unknown,
  logger: Logger,
): Extract<IpcReply, { ok: false }>['error'] {
  if (error instanceof ReelmillError) {
    logger.debug({ call: name, code: error.code }, 'call failed');
    const { code, message, retryAfterSeconds } = error;
    return { code, message, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  }
  logger.error({ call: name, err: error }, 'call failed unexpectedly');
  return { code: 'internal', message: 'Something went wrong in the app. See its log for details.' };
}
