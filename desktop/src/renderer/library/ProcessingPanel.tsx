import { Button, Group, Paper, Progress, Text } from '@mantine/core';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { useTranslation } from 'react-i18next';
import { notifyDone } from '../feedback/notify.tsx';
import { useAction } from '../feedback/useAction.ts';
import { useFormats } from '../format/useFormats.ts';
import { stateLabel } from './stateLabel.ts';
import classes from './VideoDetail.module.css';
import type { VideoStore } from './videoStore.ts';

interface ProcessingPanelProps {
  store: VideoStore;
  video: Video;
}

/** The progress of a video, or why it failed, and the actions for that; nothing for an online video. */
export function ProcessingPanel({ store, video }: ProcessingPanelProps) {
  if (video.status === 'transcoding') return <Running store={store} video={video} />;
  if (video.status === 'failed' || video.status === 'canceled') return <Ended store={store} video={video} />;
  return null;
}

function Running({ store, video }: ProcessingPanelProps) {
  const { t } = useTranslation('library');
  const formats = useFormats();
  const cancel = useAction(async () => {
    await store.getState().cancel();
    notifyDone(t('canceled'));
  });
  return (
    <Paper component="section" withBorder p="md" aria-label={t('detail.processing')}>
      <div className={classes.progressLine}>
        <span>{stateLabel(video, t, formats)}</span>
        <Button size="compact-sm" variant="default" loading={cancel.pending} onClick={() => cancel.run()}>
          {t('action.cancel')}
        </Button>
      </div>
      <Progress mt="sm" value={video.progress} aria-label={t('detail.progress')} />
      <Text size="sm" c="dimmed" mt="xs" role="status">
        {video.playable ? t('detail.watchEarly') : ''}{' '}
        {video.waiting === null
          ? t('detail.untilOnline')
          : t('detail.waitingSince', { time: formats.dateTime(video.waiting.since) })}
      </Text>
    </Paper>
  );
}

/** The player shows the problem; these are the actions. */
function Ended({ store, video }: ProcessingPanelProps) {
  const { t } = useTranslation('library');
  const retry = useAction(async () => {
    await store.getState().retry();
    notifyDone(t('retried'));
  });
  return (
    <Paper component="section" withBorder p="md" aria-label={t('detail.processing')}>
      <Group justify="space-between" gap="sm" wrap="nowrap">
        <Text size="sm">{t(video.status === 'failed' ? 'detail.failedHint' : 'detail.canceledHint')}</Text>
        <Button className={classes.action ?? ''} loading={retry.pending} onClick={() => retry.run()}>
          {t('action.retry')}
        </Button>
      </Group>
    </Paper>
  );
}
