import { Input, SegmentedControl, Switch, TextInput } from '@mantine/core';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { reportFailure } from '../feedback/notify.tsx';
import { GROUP_ROW, INPUT_ROW, SWITCH_ROW } from './rows.ts';
import { Section } from './Section.tsx';
import classes from './Settings.module.css';
import { SpeedLimitRows } from './SpeedLimitRows.tsx';
import { updateSettings, useSettings } from './settingsStore.ts';

const COUNTS = ['1', '2', '3', '4', '5', '6', '7', '8'];

/** How many at once, and how fast. */
export function UploadSettings() {
  const { t } = useTranslation('settings');
  const fileConcurrency = useSettings((settings) => settings.fileConcurrency);
  const bytesPerSecond = useSettings((settings) => settings.bytesPerSecond);
  const id = useId();
  return (
    <Section title={t('uploads.title')}>
      <Input.Wrapper {...GROUP_ROW} id={id} label={t('uploads.atOnce')} description={t('uploads.atOnceHint')}>
        <SegmentedControl
          className={classes.control ?? ''}
          aria-labelledby={`${id}-label`}
          aria-describedby={`${id}-description`}
          data={COUNTS}
          value={String(fileConcurrency)}
          onChange={(count) => reportFailure(updateSettings({ fileConcurrency: Number(count) }))}
        />
      </Input.Wrapper>
      <SpeedLimitRows
        label={t('uploads.limit')}
        hint={t('uploads.limitHint')}
        value={bytesPerSecond}
        onChange={(limit) => reportFailure(updateSettings({ bytesPerSecond: limit }))}
      />
      <ScheduleRows />
    </Section>
  );
}

function ScheduleRows() {
  const { t } = useTranslation('settings');
  const schedule = useSettings((settings) => settings.schedule);
  const change = (patch: Partial<typeof schedule>): void =>
    reportFailure(updateSettings({ schedule: { ...schedule, ...patch } }));
  return (
    <>
      <Switch
        {...SWITCH_ROW}
        label={t('uploads.schedule')}
        description={t('uploads.scheduleHint')}
        checked={schedule.enabled}
        onChange={(event) => change({ enabled: event.currentTarget.checked })}
      />
      {schedule.enabled && (
        <>
          <TimeRow label={t('uploads.from')} value={schedule.from} onChange={(from) => change({ from })} />
          <TimeRow
            label={t('uploads.to')}
            hint={schedule.from === schedule.to ? t('uploads.allDay') : overnight(schedule)}
            value={schedule.to}
            onChange={(to) => change({ to })}
          />
          <SpeedLimitRows
            label={t('uploads.scheduledLimit')}
            value={schedule.bytesPerSecond}
            onChange={(bytesPerSecond) => change({ bytesPerSecond })}
          />
        </>
      )}
    </>
  );

  function overnight({ from, to }: { from: string; to: string }): string | undefined {
    return to < from ? t('uploads.overnight', { to }) : undefined;
  }
}

interface TimeRowProps {
  label: string;
  hint?: string | undefined;
  /** `HH:MM` */
  value: string;
  onChange: (value: string) => void;
}

function TimeRow({ label, hint, value, onChange }: TimeRowProps) {
  return (
    <TextInput
      {...INPUT_ROW}
      type="time"
      label={label}
      description={hint}
      value={value}
      onChange={(event) => {
        // empty while a part of it is being typed
        if (event.currentTarget.value !== '') onChange(event.currentTarget.value);
      }}
    />
  );
}
