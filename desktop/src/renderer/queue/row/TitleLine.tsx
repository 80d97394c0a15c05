import { IconPencil } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { UploadSnapshot } from '../../../contracts/desktop.ts';
import { nameOf } from '../model/formatRow.ts';
import { editTitle } from '../model/interaction.ts';
import { canRename } from '../model/rowActions.ts';
import classes from './TitleLine.module.css';

/** The title, and the way to change it. */
export function TitleLine({ row, tabIndex }: { row: UploadSnapshot; tabIndex: number }) {
  const { t } = useTranslation('queue');
  const name = nameOf(row);
  return (
    <div className={classes.line}>
      <span className={classes.title} title={row.path}>
        {name}
      </span>
      {canRename(row) ? (
        <button
          type="button"
          className={classes.edit}
          tabIndex={tabIndex}
          aria-label={t('actionFor', { action: t('action.rename'), name })}
          data-hint={t('action.rename')}
          onClick={() => editTitle(row.id)}
        >
          <IconPencil size={15} stroke={1.75} aria-hidden />
        </button>
      ) : null}
    </div>
  );
}
