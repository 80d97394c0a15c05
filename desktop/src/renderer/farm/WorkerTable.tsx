import { Badge, Button, Progress, Table, Text } from '@mantine/core';
import type { FarmWorker } from '@reelmill/shared/contracts/admin.ts';
import { useTranslation } from 'react-i18next';
import { useAction } from '../feedback/useAction.ts';
import { useFormats } from '../format/useFormats.ts';
import classes from './Farm.module.css';
import { farmStore } from './farmStore.ts';
import { Note } from './Section.tsx';
import { taskLabel } from './taskLabel.ts';

const COLORS: Record<FarmWorker['state'], string> = {
  idle: 'gray',
  busy: 'green',
  draining: 'yellow',
  drained: 'yellow',
  sick: 'red',
  stopped: 'gray',
  lost: 'red',
};

/** The action for a worker in each state. */
const ACTIONS: Partial<Record<FarmWorker['state'], 'drain' | 'resume'>> = {
  idle: 'drain',
  busy: 'drain',
  sick: 'drain',
  draining: 'resume',
  drained: 'resume',
};

/** The workers that were seen lately, and their tasks. */
export function WorkerTable({ workers }: { workers: readonly FarmWorker[] }) {
  const { t } = useTranslation('farm');
  if (workers.length === 0) {
    return (
      <Note>
        {t('workers.empty')} {t('workers.emptyHint')}
      </Note>
    );
  }
  return (
    <div className={classes.table}>
      <Table layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="30%">{t('workers.worker')}</Table.Th>
            <Table.Th w="22%">{t('workers.state')}</Table.Th>
            <Table.Th w="32%">{t('workers.task')}</Table.Th>
            <Table.Th>{t('workers.seen')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {workers.map((worker) => (
            <WorkerRow key={worker.worker_id} worker={worker} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function WorkerRow({ worker }: { worker: FarmWorker }) {
  const { t } = useTranslation('farm');
  const { count, ago } = useFormats();
  const { task, state } = worker;
  const facts = [
    worker.host,
    t('workers.cpus', { count: worker.cpus, formatted: count(worker.cpus) }),
    t('workers.version', { version: worker.version }),
    ...(worker.ffmpeg_version === undefined
      ? []
      : [t('workers.ffmpegVersion', { version: worker.ffmpeg_version })]),
  ];
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          {worker.worker_id}
        </Text>
        <Text size="xs" c="dimmed">
          {facts.join(' · ')}
        </Text>
      </Table.Td>
      <Table.Td>
        <Badge color={COLORS[state]}>{t(`workerState.${state}`)}</Badge>
        {worker.reason !== null && (
          <Text size="xs" c="dimmed" mt={4} maw={240}>
            {worker.reason}
          </Text>
        )}
        <MissingConfinement worker={worker} />
        <WorkerActions worker={worker} />
      </Table.Td>
      <Table.Td>
        {task === null ? (
          <Text size="sm" c="dimmed">
            {t('workers.nothing')}
          </Text>
        ) : (
          <CurrentTask task={task} />
        )}
      </Table.Td>
      <Table.Td>{ago(worker.last_seen_at)}</Table.Td>
    </Table.Tr>
  );
}

/** What ffmpeg is not confined in on this worker; nothing where it is fully confined. */
function MissingConfinement({ worker: { confinement } }: { worker: FarmWorker }) {
  const { t } = useTranslation('farm');
  if (confinement === undefined || confinement.missing.length === 0) return null;
  return (
    <Text size="xs" c="orange" mt={4} maw={240}>
      {t('confinement.missing')}
      {confinement.missing.map(({ what, why }) => (
        <span key={what} title={why} style={{ display: 'block' }}>
          {t(`confinement.${what}`)}
        </span>
      ))}
    </Text>
  );
}

/** Needs no confirmation: draining loses nothing and can be undone. */
function WorkerActions({ worker: { worker_id: workerId, state } }: { worker: FarmWorker }) {
  const { t } = useTranslation('farm');
  const control = useAction((action: 'drain' | 'resume') =>
    farmStore.getState().controlWorker(workerId, action),
  );
  const action = ACTIONS[state];
  if (action === undefined) return null;
  return (
    <div>
      <Button
        variant="subtle"
        size="compact-xs"
        ms={-8}
        mt={4}
        loading={control.pending}
        aria-label={`${t(`workers.${action}`)}: ${workerId}`}
        onClick={() => control.run(action)}
      >
        {t(`workers.${action}`)}
      </Button>
    </div>
  );
}

function CurrentTask({ task }: { task: NonNullable<FarmWorker['task']> }) {
  const { t } = useTranslation('farm');
  const { percent } = useFormats();
  const label = taskLabel(task, t);
  const speed =
    task.speed === null ? '' : ` · ${t('workers.speedValue', { formatted: task.speed.toFixed(1) })}`;
  return (
    <>
      {label}
      <div className={classes.progress}>
        <Progress.Root>
          <Progress.Section value={task.progress} aria-label={t('workers.taskProgress', { task: label })} />
        </Progress.Root>
        <span>
          {percent(task.progress)}
          {speed}
        </span>
      </div>
    </>
  );
}
