import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import { taskStateSchema } from '@reelmill/shared/contracts/tasks.ts';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../format/useFormats.ts';
import classes from './Farm.module.css';

/** How many tasks are in each state. */
export function TaskStates({ tasks }: { tasks: Farm['tasks'] }) {
  const { t } = useTranslation('farm');
  const { count } = useFormats();
  return (
    <dl className={classes.states} aria-label={t('states.label')}>
      {taskStateSchema.options.map((state) => (
        <div key={state} data-state={state} data-count={tasks[state]}>
          <dt>{t(`states.${state}`)}</dt>
          <dd>{count(tasks[state])}</dd>
        </div>
      ))}
    </dl>
  );
}
