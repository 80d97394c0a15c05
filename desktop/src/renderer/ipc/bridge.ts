import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type {
  IpcArgs,
  IpcBridge,
  IpcCall,
  IpcEvent,
  IpcPayload,
  IpcReply,
  IpcResult,
} from '../../contracts/ipc.ts';

declare global {
  interface Window {
    readonly reelmill: IpcBridge;
  }
}

/** Calls the main process. Throws a `ReelmillError` with the code of the API or of the main process. */
export async function call<Call extends IpcCall>(
  name: Call,
  ...[args]: undefined extends IpcArgs<Call> ? [] : [IpcArgs<Call>]
): Promise<IpcResult<Call>> {
  const reply = await window.reelmill.call(name, args);
  if (!reply.ok) throw toError(reply.error);
  // the main process is the other half of this program: its replies are typed, not validated again
  return reply.value as IpcResult<Call>;
}

function toError({
  code,
  message,
  retryAfterSeconds,
}: Extract<IpcReply, { ok: false }>['error']): ReelmillError {
  return new ReelmillError(code, message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
}

/** Returns a function that ends the subscription. */
export function on<Event extends IpcEvent>(
  event: Event,
  listener: (payload: IpcPayload<Event>) => void,
): () => void {
  // as above: sent by the other half of this program
  return window.reelmill.on(event, (payload) => listener(payload as IpcPayload<Event>));
}

/** Returns the paths of dropped files, without those that are not on disk. */
export function pathsOf(files: Iterable<File>): string[] {
  return [...files].map((file) => window.reelmill.pathOf(file)).filter((path) => path !== '');
}
