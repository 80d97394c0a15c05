import { type NoticeFacts, noticeFactsSchema } from '@reelmill/shared/contracts/notices.ts';
import type { Notice, Video } from '@reelmill/shared/contracts/videos.ts';
import type { TFunction } from 'i18next';

type LibraryText = TFunction<'library'>;

/** Returns a notice in the language of the app; for an unknown code, the message of the server. */
export function formatNotice(notice: Notice, t: LibraryText): string {
  const { data: facts } = noticeFactsSchema.safeParse(notice);
  return facts === undefined ? notice.message : formatFacts(facts, t);
}

/** Returns the short texts of a video's notices. */
export function shortNotices({ notices }: Pick<Video, 'notices'>, t: LibraryText): string[] {
  return notices.flatMap((notice) => {
    const { data: facts } = noticeFactsSchema.safeParse(notice);
    return facts === undefined ? [] : [t(`notices.${facts.code}.short`)];
  });
}

function formatFacts(facts: NoticeFacts, t: LibraryText): string {
  switch (facts.code) {
    case 'audio_left_out': {
      const isUnsupported = facts.reason === 'unsupported_codec' || facts.reason === 'encrypted';
      return t(isUnsupported ? 'notices.audio_left_out.unsupported' : 'notices.audio_left_out.undecodable');
    }
    case 'audio_repaired':
    case 'picture_repaired':
    case 'beginning_left_out':
    case 'picture_held':
      return t(`notices.${facts.code}.text`, { count: Math.max(1, Math.round(facts.seconds)) });
    case 'audio_tracks_left_out':
    case 'video_tracks_left_out':
      return t(`notices.${facts.code}.text`, { count: facts.count });
    default:
      return t(`notices.${facts.code}.text`);
  }
}
