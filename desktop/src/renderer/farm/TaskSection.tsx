import { Table } from '@mantine/core';
import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './Farm.module.css';
import { Note, Section } from './Section.tsx';
import { taskLabel } from './taskLabel.ts';

type Task = Farm['waiting'][number];

interface TaskSectionProps {
  title: string;
  about: string;
  tasks: readonly Task[];
  /** The heading of the tasks themselves. */
  taskHead: string;
  /** What else is shown of each task. */
  columns: readonly { head: string; cell(task: Task): ReactNode }[];
}

/** Tasks that wait for the same reason; nothing where there are none. */
export function TaskSection({ title, about, tasks, taskHead, columns }: TaskSectionProps) {
  const { t } = useTranslation('farm');
  if (tasks.length === 0) return null;
  return (
    <Section title={title}>
      <Note>{about}</Note>
      <div className={classes.table}>
        <Table layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{taskHead}</Table.Th>
              {columns.map(({ head }) => (
                <Table.Th key={head}>{head}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {tasks.map((task) => (
              <Table.Tr key={task.task_id}>
                <Table.Td>{taskLabel(task, t)}</Table.Td>
                {columns.map(({ head, cell }) => (
                  <Table.Td key={head}>{cell(task)}</Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Section>
  );
}
