import type { Video } from '@reelmill/shared/contracts/videos.ts';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { Formats } from '../format/format.ts';
import { useFormats } from '../format/useFormats.ts';
import classes from './VideoDetail.module.css';

/** What is known of a video. */
export function VideoFacts({ video, qualities }: { video: Video; qualities: readonly string[] }) {
  const { t } = useTranslation('library');
  const formats = useFormats();
  return (
    <dl className={classes.facts}>
      {listFacts({ video, qualities, t, formats }).map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface FactsOf {
  video: Video;
  qualities: readonly string[];
  t: TFunction<'library'>;
  formats: Formats;
}

/** Those that are known by now. */
function listFacts({ video, qualities, t, formats }: FactsOf): Array<[name: string, value: string]> {
  const facts: Array<[string, string | null]> = [
    [t('facts.state'), t(`state.${video.status}`)],
    [t('facts.duration'), video.duration === null ? null : formats.duration(video.duration)],
    [t('facts.size'), video.size_bytes === null ? null : formats.bytes(video.size_bytes)],
    [t('facts.picture'), formatPicture(video, t)],
    [t('facts.qualities'), qualities.length === 0 ? null : qualities.join(', ')],
    [t('facts.file'), video.file_name],
    [t('facts.uploaded'), formats.dateTime(video.created_at)],
    [t('facts.online'), video.online_at === null ? null : formats.dateTime(video.online_at)],
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
}

function formatPicture({ width, height, frame_rate }: Video, t: TFunction<'library'>): string | null {
  if (width === null || height === null) return null;
  if (frame_rate === null) return t('facts.pictureValue', { width, height });
  const rate = String(Math.round(frame_rate * 100) / 100);
  return t('facts.pictureWithRate', { width, height, rate });
}
