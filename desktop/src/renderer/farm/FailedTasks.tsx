import { Button, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { wordFailure } from '../feedback/wordError.ts';
import { useFormats } from '../useFormats.ts';
import classes from './Farm.module.css';
import { Nothing } from './Section.tsx';
import { wordTask } from './wordTask.ts';

type FailedTask = Farm['recent_failures'][number];

/** What failed lately, why, and what the worker said about it. */
export function FailedTasks({ tasks }: { tasks: readonly FailedTask[] }) {
  const { t } = useTranslation('farm');
  if (tasks.length === 0) return <Nothing>{t('failures.empty')}</Nothing>;
  return (
    <div className={classes.table}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('failures.task')}</Table.Th>
            <Table.Th>{t('failures.reason')}</Table.Th>
            <Table.Th>{t('failures.attempts')}</Table.Th>
            <Table.Th>{t('failures.worker')}</Table.Th>
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
  const { error } = task;
  return (
    <Table.Tr>
      <Table.Td className={classes.nowrap ?? ''}>{wordTask(task, t)}</Table.Td>
      <Table.Td>
        {error === null ? t('failures.noReason') : wordFailure(error.code, error.message)}
        {error !== null && (
          <Text component="span" size="xs" c="dimmed" ms={6}>
            {error.code}
          </Text>
        )}
        {error?.diagnostics != null && <Report name={wordTask(task, t)} text={error.diagnostics} />}
      </Table.Td>
      <Table.Td>{count(task.attempt)}</Table.Td>
      <Table.Td>{task.worker_id ?? '–'}</Table.Td>
      <Table.Td className={classes.nowrap ?? ''}>{ago(task.updated_at)}</Table.Td>
    </Table.Tr>
  );
}

/** The worker's own words, which are long. */
function Report({ name, text }: { name: string; text: string }) {
  const { t } = useTranslation('farm');
  const [open, disclosure] = useDisclosure(false);
  const id = useId();
  const Icon = open ? IconChevronDown : IconChevronRight;
  return (
    <div>
      <Button
        variant="subtle"
        size="compact-xs"
        ms={-8}
        leftSection={<Icon size={16} stroke={1.75} aria-hidden />}
        aria-expanded={open}
        aria-controls={id}
        aria-label={t(open ? 'failures.hideDetails' : 'failures.showDetails', { task: name })}
        onClick={disclosure.toggle}
      >
        {t('failures.details')}
      </Button>
      <pre id={id} className={classes.report} hidden={!open}>
        {text}
      </pre>
    </div>
  );
}
