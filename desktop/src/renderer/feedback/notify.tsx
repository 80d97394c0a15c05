import { type NotificationData, notifications } from '@mantine/notifications';
import { IconCheck, IconExclamationMark } from '@tabler/icons-react';
import i18next from 'i18next';
import { errorMessage } from './errorMessage.ts';

const DONE_MS = 4_000;
const PROBLEM_MS = 10_000;

/** Says that something has been done, for a moment. */
export function notifyDone(text: string): void {
  show(text, {
    color: 'green',
    icon: <IconCheck size={18} stroke={1.75} />,
    autoClose: DONE_MS,
    role: 'status',
  });
}

/** Says what went wrong, long enough to be read; the same problem is not shown twice at a time. */
export function notifyError(error: unknown, title: string = i18next.t('notice.problem')): void {
  const text = errorMessage(error);
  const icon = <IconExclamationMark size={18} stroke={1.75} />;
  show(text, { id: `problem:${text}`, title, color: 'red', icon, autoClose: PROBLEM_MS, role: 'alert' });
}

function show(message: string, data: Omit<NotificationData, 'message'>): void {
  notifications.show({
    ...data,
    message,
    closeButtonProps: { 'aria-label': i18next.t('notice.close') },
  });
}
