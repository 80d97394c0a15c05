import { IconRefresh } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { UploadSnapshot } from '../../../contracts/desktop.ts';
import { formatObstacle } from '../model/formatRow.ts';
import { useQueue } from '../model/queueStore.ts';
import classes from './RetryNotice.module.css';

/** Why a call failed that is retried automatically, and when. */
export function RetryNotice({ row }: { row: UploadSnapshot }) {
  const { t } = useTranslation('queue');
  const retryAt = useQueue((state) => state.retryAt.get(row.id));
  const seconds = useSecondsUntil(retryAt ?? 0);
  if (row.retrying === null) return null;
  const reason = formatObstacle(row.retrying.code, t);
  const text =
    seconds > 0 ? t('retrying.countdown', { reason, count: seconds }) : t('retrying.now', { reason });
  return (
    <span className={classes.notice} title={row.retrying.message}>
      <IconRefresh size={14} stroke={1.75} className={classes.icon} aria-hidden />
      <span className="figures">{text}</span>
    </span>
  );
}

/** Whole seconds until a moment, counting down. */
function useSecondsUntil(momentMs: number): number {
  const [now, setNow] = useState(Date.now);
  const seconds = Math.max(0, Math.ceil((momentMs - now) / 1000));
  useEffect(() => {
    const left = momentMs - Date.now();
    if (left <= 0) {
      setNow(Date.now());
      return;
    }
    const timer = window.setTimeout(() => setNow(Date.now()), left % 1000 || 1000);
    return () => window.clearTimeout(timer);
    // `seconds` as well: each second asks for the next
  }, [momentMs, seconds]);
  return seconds;
}
