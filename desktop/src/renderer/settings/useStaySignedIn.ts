import { useTranslation } from 'react-i18next';
import { useAppInfo } from './appInfoStore.ts';
import { keep } from './keep.ts';
import { useSettings } from './settingsStore.ts';

/** The choice to stay signed in, for a checkbox or a switch; what it says depends on how this computer can keep it. */
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
      keep({ staySignedIn: event.currentTarget.checked }),
  };
}
