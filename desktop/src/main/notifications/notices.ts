import type { UploadSnapshot, View } from '@reelmill/shared/contracts/desktop.ts';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { Translate } from '../i18n/translate.ts';

/** One notification, and where a click on it leads. */
export interface Notice {
  title: string;
  body: string;
  target: { view: View; videoId: number | null };
}

export interface Wording {
  t: Translate;
  wordError(failure: { code: ErrorCode; message: string }): string;
}

/** So many titles are named where several videos come together. */
const MOST_TITLES = 3;

/** What to tell of uploads that came to their end at about the same time: at most one notice of each kind. */
export function wordNotices(settled: readonly UploadSnapshot[], wording: Wording): Notice[] {
  const online = settled.filter(({ state }) => state === 'online');
  const failed = settled.filter(({ state, failure }) => state === 'failed' && failure !== null);
  return [
    ...wordGroup(online, wording, wordOnline, 'notification.onlineMany', 'library'),
    ...wordGroup(failed, wording, wordFailed, 'notification.failedMany', 'queue'),
  ];
}

function wordGroup(
  group: readonly UploadSnapshot[],
  wording: Wording,
  wordOne: (upload: UploadSnapshot, wording: Wording) => Notice,
  manyKey: 'notification.onlineMany' | 'notification.failedMany',
  view: View,
): Notice[] {
  const [first] = group;
  if (first === undefined) return [];
  if (group.length === 1) return [wordOne(first, wording)];
  const title = wording.t(manyKey, { count: group.length });
  return [{ title, body: listTitles(group, wording.t), target: { view, videoId: null } }];
}

function wordOnline(upload: UploadSnapshot, { t }: Wording): Notice {
  return {
    title: t('notification.online'),
    body: t('notification.onlineBody', { title: titleOf(upload) }),
    target: { view: 'library', videoId: upload.videoId },
  };
}

function wordFailed(upload: UploadSnapshot, { t, wordError }: Wording): Notice {
  const { failure } = upload;
  const reason = failure === null ? '' : wordError(failure);
  return {
    title: t(failure?.stage === 'transcode' ? 'notification.transcodeFailed' : 'notification.uploadFailed'),
    body: t('notification.failedBody', { title: titleOf(upload), reason }),
    target: { view: 'queue', videoId: null },
  };
}

function listTitles(group: readonly UploadSnapshot[], t: Translate): string {
  const titles = group.slice(0, MOST_TITLES).map(titleOf).join(', ');
  const more = group.length - MOST_TITLES;
  return more > 0 ? t('notification.andMore', { titles, count: more }) : titles;
}

function titleOf({ title, fileName }: UploadSnapshot): string {
  return title ?? fileName;
}
