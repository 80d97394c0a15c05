import type {
  IpcArgs,
  IpcBridge,
  IpcCall,
  IpcEvent,
  IpcPayload,
  IpcReply,
  IpcResult,
} from '@reelmill/shared/contracts/ipc.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

declare global {
  interface Window {
    readonly reelmill: IpcBridge;
  }
}

/** Asks the main process. Failures are `ReelmillError` with the code of the API or of the main process. */
export async function call<Call extends IpcCall>(
  name: Call,
  ...[args]: undefined extends IpcArgs<Call> ? [] : [IpcArgs<Call>]
): Promise<IpcResult<Call>> {
  const answer = await window.reelmill.call(name, args);
  if (!answer.ok) throw toFailure(answer.error);
  // the main process is the other half of this program: its answers are typed, not checked again
  return answer.value as IpcResult<Call>;
}

function toFailure({
  code,
  message,
  retryAfterSeconds,
}: Extract<IpcReply, { ok: false }>['error']): ReelmillError {
  return new ReelmillError(code, message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
}

/** Answers the function that ends the subscription. */
export function on<Event extends IpcEvent>(
  event: Event,
  listener: (payload: IpcPayload<Event>) => void,
): () => void {
  // as above: sent by the other half of this program
  return window.reelmill.on(event, (payload) => listener(payload as IpcPayload<Event>));
}

/** Where dropped files are on the disk; what is no file of the disk is left out. */
export function pathsOf(files: Iterable<File>): string[] {
  return [...files].map((file) => window.reelmill.pathOf(file)).filter((path) => path !== '');
}
