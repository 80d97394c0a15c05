import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../format/useFormats.ts';
import { TaskSection } from './TaskSection.tsx';

/** Quarantined tasks: several workers in a row were lost with them. */
export function QuarantinedTasks({ tasks }: { tasks: Farm['quarantined'] }) {
  const { t } = useTranslation('farm');
  const { count } = useFormats();
  return (
    <TaskSection
      title={t('quarantine.title')}
      about={t('quarantine.about')}
      tasks={tasks}
      taskHead={t('quarantine.task')}
      columns={[
        { head: t('quarantine.lost'), cell: ({ lost_leases }) => count(lost_leases) },
        { head: t('quarantine.worker'), cell: ({ worker_id }) => worker_id ?? '–' },
      ]}
    />
  );
}
