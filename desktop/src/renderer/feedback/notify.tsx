import { type NotificationData, notifications } from '@mantine/notifications';
import { IconCheck, IconExclamationMark } from '@tabler/icons-react';
import i18next from 'i18next';
import { errorMessage } from './errorMessage.ts';

const DONE_MS = 4_000;
const PROBLEM_MS = 10_000;

/** Shows for a moment that something was done. */
export function notifyDone(text: string): void {
  show(text, {
    color: 'green',
    icon: <IconCheck size={18} stroke={1.75} />,
    autoClose: DONE_MS,
    role: 'status',
  });
}

/** Shows an error, long enough to be read; the same error is not shown twice at a time. */
export function notifyError(error: unknown, title: string = i18next.t('notice.problem')): void {
  const text = errorMessage(error);
  const icon = <IconExclamationMark size={18} stroke={1.75} />;
  show(text, { id: `problem:${text}`, title, color: 'red', icon, autoClose: PROBLEM_MS, role: 'alert' });
}

/** Shows a notice where `work` fails; for work whose result nothing waits for. */
export function reportFailure(work: Promise<unknown>): void {
  work.catch((error: unknown) => notifyError(error));
}

function show(message: string, data: Omit<NotificationData, 'message'>): void {
  notifications.show({
    ...data,
    message,
    closeButtonProps: { 'aria-label': i18next.t('notice.close') },
  });
}
