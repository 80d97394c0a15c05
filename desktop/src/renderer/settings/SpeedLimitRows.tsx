import { NumberInput, Select } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { INPUT_ROW } from './rows.ts';
import { choiceOf, fromMegabytes, LEAST_MB, limitOf, MAX_MB, PRESETS, toMegabytes } from './speedLimits.ts';

interface SpeedLimitRowsProps {
  label: string;
  hint?: string;
  /** Bytes per second; null is no limit. */
  value: number | null;
  onChange: (bytesPerSecond: number | null) => void;
}

/** A list of usual limits, and a field under it for another. */
export function SpeedLimitRows({ label, hint, value, onChange }: SpeedLimitRowsProps) {
  const { t } = useTranslation('settings');
  // a value of one's own may be chosen before it differs from the usual ones
  const [naming, setNaming] = useState(false);
  const choice = naming && value !== null ? 'own' : choiceOf(value);

  const choose = (chosen: string | null): void => {
    if (chosen === null) return;
    const limit = limitOf(chosen);
    setNaming(limit === undefined);
    if (limit !== undefined) onChange(limit);
    else if (value === null) onChange(PRESETS[2] ?? null);
  };
  return (
    <>
      <Select
        {...INPUT_ROW}
        label={label}
        description={hint}
        data={[
          { value: 'none', label: t('rate.none') },
          ...PRESETS.map((preset) => ({
            value: `${preset}`,
            label: `${toMegabytes(preset)}${t('rate.unit')}`,
          })),
          { value: 'own', label: t('rate.own') },
        ]}
        value={choice}
        onChange={choose}
        allowDeselect={false}
        checkIconPosition="right"
      />
      {choice === 'own' && value !== null && <OwnLimitRow label={label} value={value} onChange={onChange} />}
    </>
  );
}

function OwnLimitRow({
  label,
  value,
  onChange,
}: {
  label: string;
  value: number;
  onChange: (v: number) => void;
}) {
  const { t } = useTranslation('settings');
  const [typed, setTyped] = useState<number | string | null>(null);
  const commit = (): void => {
    const limit = typed === null ? null : fromMegabytes(typed);
    if (limit !== null && limit !== value) onChange(limit);
    setTyped(null);
  };
  return (
    <NumberInput
      {...INPUT_ROW}
      label={t('rate.ownLabel')}
      aria-label={`${label}: ${t('rate.ownLabel')}`}
      description={t('rate.ownHint')}
      value={typed ?? toMegabytes(value)}
      onChange={setTyped}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit();
      }}
      suffix={t('rate.unit')}
      min={LEAST_MB}
      max={MAX_MB}
      decimalScale={2}
      allowNegative={false}
      clampBehavior="blur"
      selectAllOnFocus
    />
  );
}
