import { useTranslation } from 'react-i18next';
import { Page } from '../layout/Page.tsx';

export function QueueView() {
  const { t } = useTranslation();
  return <Page title={t('navigation.queue')}>{null}</Page>;
}
