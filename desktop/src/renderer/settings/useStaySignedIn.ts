import { useTranslation } from 'react-i18next';
import { reportFailure } from '../feedback/notify.tsx';
import { useAppInfo } from './appInfoStore.ts';
import { updateSettings, useSettings } from './settingsStore.ts';

/** The properties of a checkbox or switch to stay signed in; its text depends on how this computer can store the session. */
export function useStaySignedIn() {
  const { t } = useTranslation('signIn');
  const { sessionStorage } = useAppInfo();
  const wanted = useSettings((settings) => settings.staySignedIn);
  const impossible = sessionStorage === 'memory';
  return {
    label: t('stay.label'),
    description: t(wanted ? `stay.${sessionStorage}` : 'stay.off'),
    checked: wanted && !impossible,
    disabled: impossible,
    onChange: (event: { currentTarget: { checked: boolean } }) =>
      reportFailure(updateSettings({ staySignedIn: event.currentTarget.checked })),
  };
}
