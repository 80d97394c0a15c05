import { Table } from '@mantine/core';
import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../format/useFormats.ts';
import classes from './Farm.module.css';
import { Note, Section } from './Section.tsx';
import { taskLabel } from './taskLabel.ts';

/** Quarantined tasks: several workers in a row were lost with them. Nothing where there are none. */
export function QuarantinedTasks({ tasks }: { tasks: Farm['quarantined'] }) {
  const { t } = useTranslation('farm');
  const { count } = useFormats();
  if (tasks.length === 0) return null;
  return (
    <Section title={t('quarantine.title')}>
      <Note>{t('quarantine.about')}</Note>
      <div className={classes.table}>
        <Table layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('quarantine.task')}</Table.Th>
              <Table.Th>{t('quarantine.lost')}</Table.Th>
              <Table.Th>{t('quarantine.worker')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {tasks.map((task) => (
              <Table.Tr key={task.task_id}>
                <Table.Td>{taskLabel(task, t)}</Table.Td>
                <Table.Td>{count(task.lost_leases)}</Table.Td>
                <Table.Td>{task.worker_id ?? '–'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Section>
  );
}
