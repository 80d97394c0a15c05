import { Button, SegmentedControl } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay, IconPlaylistX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../../format/useFormats.ts';
import { clearFinished, pauseRows, resumeRows, rowsOf } from '../model/commands.ts';
import { FILTERS } from '../model/groups.ts';
import { isFilter, queueStore, totalsOf, useQueue } from '../model/queueStore.ts';
import classes from './QueueToolbar.module.css';

/** Which uploads are shown, and what can be done with all of them. */
export function QueueToolbar() {
  const { t } = useTranslation('queue');
  return (
    <div className={classes.toolbar}>
      <FilterControl />
      <div className={classes.actions}>
        <ForAll />
        <ClearFinished label={t('all.clear')} />
      </div>
    </div>
  );
}

function FilterControl() {
  const { t } = useTranslation('queue');
  const filter = useQueue((state) => state.filter);
  const counts = useQueue((state) => state.counts);
  const { count } = useFormats();
  return (
    <SegmentedControl
      size="xs"
      withItemsBorders={false}
      classNames={{ label: classes.choice ?? '' }}
      value={filter}
      aria-label={t('filter.label')}
      data={FILTERS.map((value) => ({
        value,
        label: (
          <span
            className={classes.filter}
            data-urgent={(value === 'attention' && counts[value] > 0) || undefined}
          >
            {t(`filter.${value}`)} <span className={classes.count}>{count(counts[value])}</span>
          </span>
        ),
      }))}
      onChange={(value) => {
        if (isFilter(value)) queueStore.getState().setFilter(value);
      }}
    />
  );
}

function ForAll() {
  const { t } = useTranslation('queue');
  const canPause = useQueue((state) => totalsOf(state).active > 0);
  const canResume = useQueue((state) => totalsOf(state).counts.paused > 0);
  return (
    <>
      <ToolButton
        label={t('all.pause')}
        icon={<IconPlayerPause size={16} stroke={1.75} aria-hidden />}
        disabled={!canPause}
        onClick={() => pauseRows(rowsOf(queueStore.getState().order))}
      />
      <ToolButton
        label={t('all.resume')}
        icon={<IconPlayerPlay size={16} stroke={1.75} aria-hidden />}
        disabled={!canResume}
        onClick={() => resumeRows(rowsOf(queueStore.getState().order))}
      />
    </>
  );
}

function ClearFinished({ label }: { label: string }) {
  const isPossible = useQueue((state) => state.counts.finished > 0);
  return (
    <ToolButton
      label={label}
      icon={<IconPlaylistX size={16} stroke={1.75} aria-hidden />}
      disabled={!isPossible}
      onClick={clearFinished}
    />
  );
}

interface ToolButtonProps {
  label: string;
  icon: ReactNode;
  disabled: boolean;
  onClick: () => void;
}

/** In a small window only its symbol is seen. */
function ToolButton({ label, icon, disabled, onClick }: ToolButtonProps) {
  return (
    <Button
      className={classes.tool ?? ''}
      size="xs"
      variant="subtle"
      color="gray"
      leftSection={icon}
      disabled={disabled}
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <span className={classes.label}>{label}</span>
    </Button>
  );
}
