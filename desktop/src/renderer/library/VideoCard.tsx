import { Progress, Skeleton } from '@mantine/core';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { IconAlertCircle, IconBan, IconCloudUpload, IconLoader } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../format/useFormats.ts';
import { Cover } from './Cover.tsx';
import { shortNotices } from './formatNotice.ts';
import { stateLabel } from './stateLabel.ts';
import classes from './VideoCard.module.css';
import { VisibilityIcon } from './VisibilityIcon.tsx';

interface VideoCardProps {
  video: Video;
  /** Its place in the library, the first is 0. */
  index: number;
  /** Whether the Tab key stops at it: at one card of the grid. */
  isTabStop: boolean;
  onOpen: (video: Video) => void;
  onFocus: (index: number) => void;
  onCoverFailed: () => void;
}

/** One video of the grid. The whole card can be clicked: its title is a button that reaches over all of it. */
export const VideoCard = memo(function VideoCard(props: VideoCardProps) {
  const { video, index, isTabStop, onOpen, onFocus, onCoverFailed } = props;
  const { t } = useTranslation('library');
  const formats = useFormats();
  const state = stateLabel(video, t, formats);
  const visibility = t(`visibility.${video.visibility}`);
  const online = [visibility, formats.date(video.created_at), ...shortNotices(video, t)].join(' · ');
  return (
    <div className={classes.card}>
      <div className={classes.picture}>
        <Cover url={video.cover_url} onFailed={onCoverFailed} />
        {video.duration !== null && (
          <span className={classes.duration}>{formats.duration(video.duration)}</span>
        )}
        {video.status === 'transcoding' && (
          <Progress
            className={classes.progress ?? ''}
            value={video.progress}
            size={4}
            radius={0}
            aria-hidden
          />
        )}
      </div>
      <div className={classes.text}>
        <button
          type="button"
          className={classes.title}
          title={video.title}
          data-index={index}
          data-video-id={video.id}
          tabIndex={isTabStop ? 0 : -1}
          aria-label={t('card', { title: video.title, state, visibility })}
          onClick={() => onOpen(video)}
          onFocus={() => onFocus(index)}
        >
          {video.title}
        </button>
        <div className={classes.state} data-status={video.status} title={state}>
          <StateIcon video={video} />
          <span className={classes.stateText}>{video.status === 'online' ? online : state}</span>
        </div>
      </div>
    </div>
  );
});

function StateIcon({ video: { status, visibility } }: { video: Video }) {
  const look = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;
  if (status === 'failed') return <IconAlertCircle {...look} />;
  if (status === 'canceled') return <IconBan {...look} />;
  if (status === 'uploading') return <IconCloudUpload {...look} />;
  if (status === 'transcoding') return <IconLoader {...look} />;
  return <VisibilityIcon visibility={visibility} />;
}

/** The place of a card that is still being loaded. */
export function CardSkeleton() {
  return (
    <div className={classes.card} data-skeleton aria-hidden>
      <Skeleton className={classes.picture ?? ''} radius={0} />
      <div className={classes.text}>
        <Skeleton height={12} mt={4} width="82%" />
        <Skeleton height={10} mt={12} width="54%" />
      </div>
    </div>
  );
}
