import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { UploadFailure, UploadSnapshot } from '../../../contracts/desktop.ts';
import { failureMessage } from '../../feedback/errorMessage.ts';
import { perform } from '../model/commands.ts';
import { formatFailure, nameOf } from '../model/formatRow.ts';
import { actionsFor } from '../model/rowActions.ts';
import { ActionSymbol } from './actionIcons.tsx';
import classes from './FailureNotice.module.css';

export interface FailureNoticeProps {
  row: UploadSnapshot;
  failure: UploadFailure;
  tabIndex: number;
}

/** Why a row failed, and what can be done about it. */
export function FailureNotice({ row, failure, tabIndex }: FailureNoticeProps) {
  const { t } = useTranslation('queue');
  const reason = formatFailure(failure, t, failureMessage);
  return (
    <>
      <div className={classes.reason} title={reason}>
        {reason}
      </div>
      <div className={classes.fixes}>
        {actionsFor(row).fixes.map((action, index) => (
          <Button
            key={action}
            size="compact-xs"
            variant={index === 0 ? 'light' : 'subtle'}
            color={index === 0 ? 'accent' : 'gray'}
            leftSection={<ActionSymbol action={action} size={14} />}
            tabIndex={tabIndex}
            aria-label={t('actionFor', { action: t(`action.${action}`), name: nameOf(row) })}
            onClick={() => perform(action, row)}
          >
            {t(`action.${action}`)}
          </Button>
        ))}
      </div>
    </>
  );
}
