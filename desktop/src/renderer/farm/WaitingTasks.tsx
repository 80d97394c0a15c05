import { Table } from '@mantine/core';
import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import { useTranslation } from 'react-i18next';
import { failureMessage } from '../feedback/errorMessage.ts';
import { useFormats } from '../format/useFormats.ts';
import classes from './Farm.module.css';
import { Note, Section } from './Section.tsx';
import { taskLabel } from './taskLabel.ts';

/** Tasks whose last attempts were ended by a fault of the farm; nothing where there are none. */
export function WaitingTasks({ tasks }: { tasks: Farm['waiting'] }) {
  const { t } = useTranslation('farm');
  const { count } = useFormats();
  if (tasks.length === 0) return null;
  return (
    <Section title={t('waiting.title')}>
      <Note>{t('waiting.about')}</Note>
      <div className={classes.table}>
        <Table layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('waiting.task')}</Table.Th>
              <Table.Th>{t('waiting.faults')}</Table.Th>
              <Table.Th>{t('waiting.reason')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {tasks.map((task) => (
              <Table.Tr key={task.task_id}>
                <Table.Td>{taskLabel(task, t)}</Table.Td>
                <Table.Td>{count(task.farm_faults)}</Table.Td>
                <Table.Td>
                  {task.error === null ? '–' : failureMessage(task.error.code, task.error.message)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Section>
  );
}
