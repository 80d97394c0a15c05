import { Button, Group, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import { IconChevronDown, IconChevronRight, IconRefresh } from '@tabler/icons-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { failureMessage } from '../feedback/errorMessage.ts';
import { notifyDone } from '../feedback/notify.tsx';
import { useAction } from '../feedback/useAction.ts';
import { useFormats } from '../format/useFormats.ts';
import { call } from '../ipc/bridge.ts';
import classes from './Farm.module.css';
import { farmStore } from './farmStore.ts';
import { Note } from './Section.tsx';
import { taskLabel } from './taskLabel.ts';

type FailedTask = Farm['recent_failures'][number];

/** The tasks that failed lately, with their reasons and the reports of the workers. */
export function FailedTasks({ tasks }: { tasks: readonly FailedTask[] }) {
  const { t } = useTranslation('farm');
  if (tasks.length === 0) return <Note>{t('failures.empty')}</Note>;
  return (
    <div className={classes.table}>
      <Table layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="24%">{t('failures.task')}</Table.Th>
            <Table.Th w="38%">{t('failures.reason')}</Table.Th>
            <Table.Th w="12%">{t('failures.attempts')}</Table.Th>
            <Table.Th w="14%">{t('failures.worker')}</Table.Th>
            <Table.Th>{t('failures.when')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tasks.map((task) => (
            <FailedTaskRow key={task.task_id} task={task} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function FailedTaskRow({ task }: { task: FailedTask }) {
  const { t } = useTranslation('farm');
  const { count, ago } = useFormats();
  const [open, disclosure] = useDisclosure(false);
  const id = useId();
  const { error } = task;
  const report = error?.diagnostics ?? null;
  return (
    <>
      <Table.Tr>
        <Table.Td>{taskLabel(task, t)}</Table.Td>
        <Table.Td>
          {error === null ? t('failures.noReason') : failureMessage(error.code, error.message)}{' '}
          <Text component="span" size="xs" c="dimmed">
            {error?.code}
          </Text>
          <Group gap={4} ms={-8}>
            <RetryButton task={task} />
            {report !== null && (
              <ReportToggle
                task={taskLabel(task, t)}
                open={open}
                controls={id}
                onToggle={disclosure.toggle}
              />
            )}
          </Group>
        </Table.Td>
        <Table.Td>{count(task.attempt)}</Table.Td>
        <Table.Td>{task.worker_id ?? '–'}</Table.Td>
        <Table.Td>{ago(task.updated_at)}</Table.Td>
      </Table.Tr>
      {open && report !== null && (
        <Table.Tr id={id}>
          <Table.Td colSpan={5}>
            <pre className={classes.report}>{report}</pre>
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
}

/** Processes the video again; its finished tasks are kept. */
function RetryButton({ task }: { task: FailedTask }) {
  const { t } = useTranslation('farm');
  const retry = useAction(async () => {
    await call('library.retry', { videoId: task.video_id });
    notifyDone(t('failures.retried', { videoId: task.video_id }));
    await farmStore.getState().refresh();
  });
  return (
    <Button
      variant="subtle"
      size="compact-xs"
      leftSection={<IconRefresh size={16} stroke={1.75} aria-hidden />}
      loading={retry.pending}
      aria-label={t('failures.retryOf', { videoId: task.video_id })}
      onClick={() => void retry.run()}
    >
      {t('failures.retry')}
    </Button>
  );
}

interface ReportToggleProps {
  task: string;
  open: boolean;
  /** The id of the element that it shows and hides. */
  controls: string;
  onToggle: () => void;
}

/** Shows and hides the worker's report, which may be long. */
function ReportToggle({ task, open, controls, onToggle }: ReportToggleProps) {
  const { t } = useTranslation('farm');
  const Icon = open ? IconChevronDown : IconChevronRight;
  return (
    <Button
      variant="subtle"
      size="compact-xs"
      leftSection={<Icon size={16} stroke={1.75} aria-hidden />}
      aria-expanded={open}
      {...(open ? { 'aria-controls': controls } : {})}
      aria-label={t('failures.detailsOf', { task })}
      onClick={onToggle}
    >
      {t('failures.details')}
    </Button>
  );
}
