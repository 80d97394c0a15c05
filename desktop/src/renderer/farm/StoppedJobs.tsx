import { Table, Text } from '@mantine/core';
import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import { useTranslation } from 'react-i18next';
import { notifyDone } from '../feedback/notify.tsx';
import { useFormats } from '../format/useFormats.ts';
import { ConfirmedAction } from './ConfirmedAction.tsx';
import classes from './Farm.module.css';
import { farmStore } from './farmStore.ts';
import { Note, Section } from './Section.tsx';

type StoppedJob = Farm['stopped_jobs'][number];

/** Cleanup jobs that remove nothing until an administrator allows it; nothing where there are none. */
export function StoppedJobs({ jobs }: { jobs: readonly StoppedJob[] }) {
  const { t } = useTranslation('farm');
  if (jobs.length === 0) return null;
  return (
    <Section title={t('stopped.title')}>
      <Note>{t('stopped.about')}</Note>
      <div className={classes.table}>
        <Table layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w="22%">{t('stopped.job')}</Table.Th>
              <Table.Th>{t('stopped.reason')}</Table.Th>
              <Table.Th w="16%">{t('stopped.since')}</Table.Th>
              <Table.Th w="14%" aria-label={t('stopped.allow')} />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {jobs.map((job) => (
              <JobRow key={job.job} job={job} />
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Section>
  );
}

function JobRow({ job }: { job: StoppedJob }) {
  const { t } = useTranslation('farm');
  const { ago } = useFormats();
  return (
    <Table.Tr>
      <Table.Td>{t(`stopped.jobs.${job.job}`)}</Table.Td>
      <Table.Td>
        {t(`stopped.kind.${job.kind}`)}
        <Text size="xs" c="dimmed">
          {job.reason}
        </Text>
      </Table.Td>
      <Table.Td>{ago(job.since)}</Table.Td>
      <Table.Td>
        <Allow job={job} />
      </Table.Td>
    </Table.Tr>
  );
}

/** Asks for confirmation: removed items cannot be restored. */
function Allow({ job }: { job: StoppedJob }) {
  const { t } = useTranslation('farm');
  const { count } = useFormats();
  const isClock = job.items === null;
  const values = { count: job.items ?? 0, formatted: count(job.items ?? 0) };
  return (
    <ConfirmedAction
      label={t('stopped.allow')}
      accessibleName={`${t('stopped.allow')} ${t(`stopped.jobs.${job.job}`)}`}
      title={isClock ? t('stopped.confirmClock') : t('stopped.confirmTitle', values)}
      body={isClock ? t('stopped.confirmClockBody') : t('stopped.confirmBody')}
      confirmLabel={t('stopped.confirm')}
      confirmProps={{ color: 'red' }}
      action={async () => {
        await farmStore.getState().allowJob(job);
        notifyDone(t('stopped.allowed'));
      }}
    />
  );
}
