import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { Player as BrowserPlayer } from '@reelmill/shared/player/player.ts';
import { type RefObject, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import '@reelmill/shared/player/player.css';
import { errorMessage } from '../feedback/errorMessage.ts';
import { fetchText } from './fetchText.ts';
import { noticeFor } from './notices.ts';
import { playerTexts } from './playerTexts.ts';

interface PlayerProps {
  /** The present version; a new object after each change. */
  video: Video;
  /** Returns a fresh link to the master playlist. */
  fetchPlaybackUrl: () => Promise<string>;
}

/** A video with its controls. Closes its connections when it is unmounted. */
export function Player({ video, fetchPlaybackUrl }: PlayerProps) {
  const { t } = useTranslation('library');
  const frame = useRef<HTMLElement>(null);
  const player = usePlayer(frame, fetchPlaybackUrl);

  // after the effect that creates the player, and again when another language has recreated it
  useEffect(() => {
    const shown = player.current;
    if (shown === null) return;
    const notice = noticeFor(video, t);
    if (notice !== null) shown.showNotice(notice);
    else if (!shown.failed) shown.hideNotice();
    void shown.show(video);
  }, [player, video, t]);

  return <section ref={frame} className="player" aria-label={t('player.name')} />;
}

function usePlayer(
  frame: RefObject<HTMLElement | null>,
  fetchPlaybackUrl: () => Promise<string>,
): RefObject<BrowserPlayer | null> {
  const { t } = useTranslation('library');
  const player = useRef<BrowserPlayer>(null);
  const fetchLink = useRef(fetchPlaybackUrl);
  useEffect(() => {
    fetchLink.current = fetchPlaybackUrl;
  });
  useEffect(() => {
    if (frame.current === null) return;
    const made = new BrowserPlayer(frame.current, {
      texts: playerTexts(t),
      loadHls: () => import('hls.js'),
      fetchPlaybackUrl: () => fetchLink.current(),
      fetchText,
      now: Date.now,
      onFailed: () => offerRetry(),
      autoplay: false,
    });
    const offerRetry = (text: string = t('notice.interruptedBody')): void => {
      const action = { label: t('notice.again'), run: () => void retry() };
      made.showNotice({ title: t('notice.interrupted'), text, action });
    };
    const retry = async (): Promise<void> => {
      made.hideNotice();
      await made.retry().catch((error: unknown) => offerRetry(errorMessage(error)));
    };
    player.current = made;
    return () => {
      player.current = null;
      made.destroy();
    };
  }, [frame, t]);
  return player;
}
