import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { UploadSnapshot, View } from '../../contracts/desktop.ts';
import type { Translate } from '../i18n/translate.ts';

/** One notification, and where a click on it leads. */
export interface Notice {
  title: string;
  body: string;
  target: { view: View; videoId: number | null };
}

export interface NoticeTexts {
  t: Translate;
  errorMessage(failure: { code: ErrorCode; message: string }): string;
}

/** How many titles a notice for several videos lists. */
const MAX_TITLES = 3;

/** Returns the notices for uploads that finished at about the same time: at most one of each kind. */
export function formatNotices(finished: readonly UploadSnapshot[], texts: NoticeTexts): Notice[] {
  const online = finished.filter(({ state }) => state === 'online');
  const failed = finished.filter(({ state, failure }) => state === 'failed' && failure !== null);
  return [
    ...formatGroup(online, texts, formatOnline, 'notification.onlineMany', 'library'),
    ...formatGroup(failed, texts, formatFailed, 'notification.failedMany', 'queue'),
  ];
}

function formatGroup(
  group: readonly UploadSnapshot[],
  texts: NoticeTexts,
  formatOne: (upload: UploadSnapshot, texts: NoticeTexts) => Notice,
  manyKey: 'notification.onlineMany' | 'notification.failedMany',
  view: View,
): Notice[] {
  const [first] = group;
  if (first === undefined) return [];
  if (group.length === 1) return [formatOne(first, texts)];
  const title = texts.t(manyKey, { count: group.length });
  return [{ title, body: listTitles(group, texts.t), target: { view, videoId: null } }];
}

function formatOnline(upload: UploadSnapshot, { t }: NoticeTexts): Notice {
  return {
    title: t('notification.online'),
    body: t('notification.onlineBody', { title: titleOf(upload) }),
    target: { view: 'library', videoId: upload.videoId },
  };
}

function formatFailed(upload: UploadSnapshot, { t, errorMessage }: NoticeTexts): Notice {
  const { failure } = upload;
  const reason = failure === null ? '' : errorMessage(failure);
  return {
    title: t(failure?.stage === 'transcode' ? 'notification.transcodeFailed' : 'notification.uploadFailed'),
    body: t('notification.failedBody', { title: titleOf(upload), reason }),
    target: { view: 'queue', videoId: null },
  };
}

function listTitles(group: readonly UploadSnapshot[], t: Translate): string {
  const titles = group.slice(0, MAX_TITLES).map(titleOf).join(', ');
  const more = group.length - MAX_TITLES;
  return more > 0 ? t('notification.andMore', { titles, count: more }) : titles;
}

function titleOf({ title, fileName }: UploadSnapshot): string {
  return title ?? fileName;
}
