import { Alert, Button, Skeleton } from '@mantine/core';
import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import { IconAlertTriangle, IconServerOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { errorMessage } from '../feedback/errorMessage.ts';
import { useAction } from '../feedback/useAction.ts';
import { useFormats } from '../format/useFormats.ts';
import { usePolling } from '../polling/usePolling.ts';
import { Page } from '../ui/Page.tsx';
import { DeadLetters } from './DeadLetters.tsx';
import { FailedTasks } from './FailedTasks.tsx';
import classes from './Farm.module.css';
import { FarmTiles } from './FarmTiles.tsx';
import { farmStore, useFarm } from './farmStore.ts';
import { QuarantinedTasks } from './QuarantinedTasks.tsx';
import { ScaleCard } from './ScaleCard.tsx';
import { Section } from './Section.tsx';
import { StoppedJobs } from './StoppedJobs.tsx';
import { TaskStates } from './TaskStates.tsx';
import { WaitingTasks } from './WaitingTasks.tsx';
import { WorkerTable } from './WorkerTable.tsx';

const PAUSE_MS = 2_500;

/** The state of the farm, for administrators. */
export function FarmView() {
  const { t } = useTranslation('farm');
  usePolling(farmStore.getState().refresh, PAUSE_MS);
  const farm = useFarm((state) => state.farm);
  const failure = useFarm((state) => state.failure);
  return (
    <Page title={t('title')}>
      {farm !== null && (
        <>
          {failure !== null && <OutOfDate failure={failure} />}
          <FarmSections farm={farm} />
        </>
      )}
      {farm === null && (failure === null ? <FarmSkeleton /> : <FarmFailed failure={failure} />)}
    </Page>
  );
}

function FarmSections({ farm }: { farm: Farm }) {
  const { t } = useTranslation('farm');
  return (
    <div className={classes.sections}>
      <FarmTiles farm={farm} />
      <TaskStates tasks={farm.tasks} />
      <ScaleCard farm={farm} />
      <Section title={t('workers.title')}>
        <WorkerTable workers={farm.workers} />
      </Section>
      <StoppedJobs jobs={farm.stopped_jobs} />
      <QuarantinedTasks tasks={farm.quarantined} />
      <WaitingTasks tasks={farm.waiting} />
      <Section title={t('failures.title')}>
        <FailedTasks tasks={farm.recent_failures} />
      </Section>
      <DeadLetters count={farm.queue?.dead_letters ?? null} />
    </div>
  );
}

function FarmSkeleton() {
  const { t } = useTranslation('farm');
  return (
    <div className={classes.sections} role="status" aria-label={t('loading')}>
      <div className={classes.tiles}>
        {['workers', 'queue', 'waiting', 'throughput', 'speed', 'drain'].map((tile) => (
          <Skeleton key={tile} height={104} radius="md" />
        ))}
      </div>
      <Skeleton height={120} radius="md" />
      <Skeleton height={220} radius="md" />
    </div>
  );
}

function FarmFailed({ failure }: { failure: unknown }) {
  const { t } = useTranslation(['farm', 'common']);
  const again = useAction(() => farmStore.getState().refresh());
  return (
    <div className={classes.message}>
      <IconServerOff size={44} stroke={1.25} aria-hidden />
      <h2>{t('loadFailed')}</h2>
      <p>{errorMessage(failure)}</p>
      <Button variant="default" loading={again.pending} onClick={() => again.run()}>
        {t('common:action.retry')}
      </Button>
    </div>
  );
}

/** Shown above the last response when the next one failed. */
function OutOfDate({ failure }: { failure: unknown }) {
  const { t } = useTranslation('farm');
  const { ago } = useFormats();
  const seenAt = useFarm((state) => state.seenAt);
  return (
    <Alert
      mb="md"
      color="yellow"
      icon={<IconAlertTriangle size={20} stroke={1.75} />}
      title={t('outOfDate', { ago: ago(seenAt) })}
    >
      {errorMessage(failure)}
    </Alert>
  );
}
