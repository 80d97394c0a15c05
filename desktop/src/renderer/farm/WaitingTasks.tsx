import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import { useTranslation } from 'react-i18next';
import { failureMessage } from '../feedback/errorMessage.ts';
import { useFormats } from '../format/useFormats.ts';
import { TaskSection } from './TaskSection.tsx';

/** Tasks whose last attempts were ended by a fault of the farm. */
export function WaitingTasks({ tasks }: { tasks: Farm['waiting'] }) {
  const { t } = useTranslation('farm');
  const { count } = useFormats();
  return (
    <TaskSection
      title={t('waiting.title')}
      about={t('waiting.about')}
      tasks={tasks}
      taskHead={t('waiting.task')}
      columns={[
        { head: t('waiting.faults'), cell: ({ farm_faults }) => count(farm_faults) },
        {
          head: t('waiting.reason'),
          cell: ({ error }) => (error === null ? '–' : failureMessage(error.code, error.message)),
        },
      ]}
    />
  );
}
