import { Loader, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { type RefObject, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { hostOf, isReadableOnTheWay } from '../account/serverAddress.ts';
import classes from './SignInView.module.css';
import type { Probe } from './useServerProbe.ts';

interface ServerFieldProps {
  value: string;
  probe: Probe;
  error: string | null;
  input: RefObject<HTMLInputElement | null>;
  onChange: (value: string) => void;
  onBlur: () => void;
}

/** The server address, and under it the result of the check. */
export function ServerField({ value, probe, error, input, onChange, onBlur }: ServerFieldProps) {
  const { t } = useTranslation('signIn');
  const status = useId();
  return (
    <div>
      <TextInput
        ref={input}
        label={t('server.label')}
        placeholder={t('server.placeholder')}
        value={value}
        error={error}
        onChange={(event) => onChange(event.currentTarget.value)}
        onBlur={onBlur}
        aria-describedby={status}
        rightSection={<ProbeSymbol probe={probe} />}
        inputMode="url"
        autoComplete="url"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
      />
      <div id={status} role="status">
        {error === null && <ProbeText probe={probe} />}
      </div>
    </div>
  );
}

function ProbeSymbol({ probe }: { probe: Probe }) {
  if (probe.status === 'checking') return <Loader size={16} />;
  if (probe.status !== 'found') return null;
  return <IconCircleCheck size={18} stroke={1.75} color="var(--mantine-color-success)" aria-hidden="true" />;
}

function ProbeText({ probe }: { probe: Probe }) {
  const { t } = useTranslation('signIn');
  if (probe.status === 'checking') {
    return (
      <Text size="xs" c="dimmed" mt={5}>
        {t('server.checking')}
      </Text>
    );
  }
  if (probe.status !== 'found') return null;
  return (
    <>
      <Text size="xs" c="green" mt={5}>
        {t('server.found', { version: probe.info.version, host: hostOf(probe.serverUrl) })}
      </Text>
      {isReadableOnTheWay(probe.serverUrl) && (
        <Text size="xs" c="yellow" mt={3} className={classes.warning}>
          <IconAlertTriangle size={15} stroke={1.75} aria-hidden="true" />
          {t('server.plain')}
        </Text>
      )}
    </>
  );
}
