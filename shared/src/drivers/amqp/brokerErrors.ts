import { reasonOf } from '../../runtime/dependencies.ts';

const PRECONDITION_FAILED = 406;

/** Whether RabbitMQ refused user or password. */
export function isLoginRefused(error: unknown): boolean {
  return /^Handshake terminated by server: 403 /.test(reasonOf(error));
}

/** Whether RabbitMQ refused the virtual host after it took the login; the client does not pass on why. */
export function isVirtualHostRefused(error: unknown): boolean {
  return /^Expected ConnectionOpenOk; got <ConnectionClose/.test(reasonOf(error));
}

/** Whether RabbitMQ is reachable and refuses the request, which only an administrator can fix. */
export function isRefusal(error: unknown): boolean {
  if (isLoginRefused(error) || isVirtualHostRefused(error)) return true;
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && error.code >= 400;
}

/** Returns the reason of a failure as an administrator reads it. */
export function formatBrokerError(error: unknown): string {
  const reason = reasonOf(error);
  if (isVirtualHostRefused(error))
    return 'the virtual host does not exist, this user has no access to it, or it has reached its connection limit';
  const unequal = error instanceof Error && 'code' in error && error.code === PRECONDITION_FAILED;
  return unequal && reason.includes('inequivalent arg')
    ? `a queue exists with other arguments than this version needs; delete it when it is empty, or choose another TASK_QUEUE (${reason})`
    : reason;
}
