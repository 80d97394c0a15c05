import { Progress } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { QueueTotals } from '../../../engine/queue/totals.ts';
import type { Formats } from '../../format/format.ts';
import { useFormats } from '../../format/useFormats.ts';
import type { QueueText } from '../model/formatRow.ts';
import { totalsOf, useQueue } from '../model/queueStore.ts';
import classes from './QueueSummary.module.css';

/** The whole queue at a glance: what it does, how far it is, how fast, and how long it will take. */
export function QueueSummary() {
  const { t } = useTranslation('queue');
  const formats = useFormats();
  const totals = useQueue(totalsOf);
  const arrivedBytes = useQueue((state) => state.arrivedBytes);
  const sent = totals.sentBytes + arrivedBytes;
  const size = totals.totalBytes + arrivedBytes;
  return (
    <div className={classes.summary}>
      <div className={classes.words}>
        <span className={classes.doing}>{formatTotals(totals, t)}</span>
        <span className={classes.figures}>
          {totals.active > 0 ? formatFigures(sent, size, totals, t, formats) : ''}
        </span>
      </div>
      {totals.active > 0 ? (
        <Progress
          value={size === 0 ? 0 : (100 * sent) / size}
          size={6}
          radius="xl"
          aria-label={t('total.progress')}
        />
      ) : null}
    </div>
  );
}

function formatTotals({ counts, active, total }: QueueTotals, t: QueueText): string {
  const running = active - counts.waiting;
  const parts = [
    running > 0 ? t('total.uploading', { count: running }) : null,
    counts.waiting > 0 ? t('total.waiting', { count: counts.waiting }) : null,
    counts.processing > 0 ? t('total.processing', { count: counts.processing }) : null,
    counts.paused > 0 ? t('total.paused', { count: counts.paused }) : null,
    counts.failed > 0 ? t('total.attention', { count: counts.failed }) : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? t('total.done', { count: total }) : parts.slice(0, 3).join(' · ');
}

function formatFigures(
  sent: number,
  size: number,
  { bytesPerSecond, etaSeconds }: QueueTotals,
  t: QueueText,
  formats: Formats,
): string {
  const parts = [
    t('total.sent', { sent: formats.bytes(sent), size: formats.bytes(size) }),
    bytesPerSecond > 0 ? formats.speed(bytesPerSecond) : null,
    etaSeconds === null ? null : t('total.left', { time: formats.eta(etaSeconds) }),
  ];
  return parts.filter((part) => part !== null).join(' · ');
}
