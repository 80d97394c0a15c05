import type { QueueTotals } from '../../engine/queue/totals.ts';
import type { Translate } from '../i18n/translate.ts';

/** The queue as the tray and the taskbar show it. `part` is from 0 to 1. */
export interface QueueSummary {
  activity: 'idle' | 'uploading' | 'paused';
  count: number;
  part: number;
  etaSeconds: number | null;
}

const NOTHING: QueueSummary = { activity: 'idle', count: 0, part: 0, etaSeconds: null };

/** Returns the summary; `part` is the progress of the active uploads. */
export function summarizeForTray({ active, etaSeconds, counts }: QueueTotals, part: number): QueueSummary {
  if (active > 0) return { activity: 'uploading', count: active, part, etaSeconds };
  return counts.paused > 0 ? { ...NOTHING, activity: 'paused', count: counts.paused } : NOTHING;
}

export function trayTooltip({ activity, count, part, etaSeconds }: QueueSummary, t: Translate): string {
  if (activity === 'idle') return t('tray.idle');
  if (activity === 'paused') return t('tray.paused', { count });
  const percent = Math.floor(part * 100);
  if (etaSeconds === null) return t('tray.uploading', { count, percent });
  return t('tray.uploadingWithEta', { count, percent, eta: formatDuration(etaSeconds, t) });
}

/** Coarse on purpose: a tooltip whose seconds change all the time is distracting. */
function formatDuration(seconds: number, t: Translate): string {
  if (seconds < 55) return t('tray.seconds', { count: Math.max(5, Math.ceil(seconds / 5) * 5) });
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return t('tray.minutes', { count: minutes });
  return t('tray.hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}
