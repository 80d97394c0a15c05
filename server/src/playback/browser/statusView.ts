import type { GuestVideo, Video } from '@reelmill/shared/contracts/videos.ts';
import { setVisible } from '@reelmill/shared/player/elements.ts';
import type { PlayerNotice } from '@reelmill/shared/player/player.ts';
import { formatTime } from '@reelmill/shared/player/time.ts';
import { find } from './find.ts';
import { formatRemaining } from './format.ts';

/** Owners see all of a video, guests only what watching takes. */
export type ShownVideo = Video | GuestVideo;

const PHASES: Record<NonNullable<Video['phase']>, string> = {
  queued: 'Waiting for a free worker',
  inspecting: 'Inspecting the file',
  encoding: 'Encoding',
  finalizing: 'Finishing',
};

const WAITING: Record<NonNullable<Video['waiting']>['reason_code'], string> = {
  store: 'Waiting for the storage, which does not respond; it continues automatically',
  disk: 'Waiting for disk space; it continues automatically',
  worker: 'Waiting: no worker is running',
};

const NO_FACTS = { width: null, height: null, online_at: null };

const LINK_HINTS: Record<Video['visibility'], string> = {
  private: 'Anyone with this link can watch the video until the link expires.',
  unlisted: 'Anyone with this link can watch the video.',
  public: 'Anyone can watch this video.',
};

/** What the page shows of a video below the picture: title, facts and progress. */
export class StatusView {
  readonly #title = find('#title', HTMLElement);
  readonly #facts = find('#facts', HTMLElement);
  readonly #notices = find('#notices', HTMLElement);
  readonly #description = find('#description', HTMLElement);
  readonly #progress = find('#progress', HTMLElement);
  readonly #progressDetails = find('#progress-details', HTMLElement);
  readonly #progressBar = find('#progress progress', HTMLProgressElement);
  readonly #progressState = find('#progress-state', HTMLElement);
  readonly #progressHint = find('#progress-hint', HTMLElement);
  readonly #progressShare = find('#progress-share', HTMLElement);
  readonly #share = find('#share', HTMLElement);
  readonly #shareLink = find('#share-link', HTMLInputElement);
  readonly #shareHint = find('#share-hint', HTMLElement);
  readonly #announcement = find('#announcement', HTMLElement);

  showVideo(video: ShownVideo): void {
    document.title = `${video.title} · Reelmill`;
    this.#title.textContent = video.title;
    this.#description.textContent = video.description;
    setVisible(this.#description, video.description !== '');
    this.#facts.textContent = listFacts(video).join(' · ');
    this.#showProgress(video);
    // only owners have these
    if ('notices' in video) this.#showNotices(video);
    if ('watch_url' in video) this.#showLink(video);
  }

  /** Announces a text to screen readers, once. */
  #announce(text: string): void {
    if (this.#announcement.textContent !== text) this.#announcement.textContent = text;
  }

  #showProgress(video: ShownVideo): void {
    const playable = video.playback_url !== null;
    const details = 'phase' in video ? video : null;
    setVisible(this.#progress, video.status === 'transcoding' && (playable || details !== null));
    if (video.status !== 'transcoding') return;
    setVisible(this.#progressDetails, details !== null);
    setVisible(this.#progressHint, playable);
    if (details !== null) this.#showDetails(details);
    const state = details === null ? '' : formatState(details);
    this.#announce(playable ? 'You can watch the beginning now.' : state);
  }

  #showNotices({ notices }: Video): void {
    const items = notices.map(({ message }) => {
      const item = document.createElement('li');
      item.textContent = message;
      return item;
    });
    this.#notices.replaceChildren(...items);
    setVisible(this.#notices, items.length > 0);
  }

  #showDetails(video: Video): void {
    const { progress, eta_seconds } = video;
    const remaining = eta_seconds === null ? '' : formatRemaining(eta_seconds);
    this.#progressBar.value = progress;
    this.#progressShare.textContent = `${Math.floor(progress)}%`;
    this.#progressState.textContent = [formatState(video), remaining]
      .filter((part) => part !== '')
      .join(' · ');
  }

  #showLink({ visibility, watch_url, legacy_link_until }: Video): void {
    this.#shareLink.value = watch_url;
    const hints = [LINK_HINTS[visibility]];
    if (legacy_link_until !== null) {
      hints.push(`Its old link, without a token, works until ${formatDate(legacy_link_until)}.`);
    }
    this.#shareHint.textContent = hints.join(' ');
    setVisible(this.#share, true);
  }
}

/** Returns the phase, or what the video waits for. */
function formatState({ phase, waiting }: Video): string {
  return waiting === null ? PHASES[phase ?? 'queued'] : WAITING[waiting.reason_code];
}

function listFacts(video: ShownVideo): string[] {
  const { duration, status } = video;
  const { width, height, online_at } = 'online_at' in video ? video : NO_FACTS;
  return [
    duration === null ? '' : formatTime(duration),
    width === null || height === null ? '' : `${width} × ${height}`,
    status === 'online' && online_at !== null ? formatDate(online_at) : '',
  ].filter((fact) => fact !== '');
}

function formatDate(iso: string): string {
  return new Date(iso).toLocaleDateString('en', { day: 'numeric', month: 'long', year: 'numeric' });
}

/** Returns why a video cannot be watched; null where it can. */
export function noticeFor(video: ShownVideo): PlayerNotice | null {
  const { status } = video;
  if (status === 'online' || (status === 'transcoding' && video.playback_url !== null)) return null;
  if (status === 'failed') {
    return {
      title: 'This video could not be processed',
      // only owners have the error
      text: 'error' in video && video.error !== null ? video.error.message : 'It cannot be watched.',
    };
  }
  if (status === 'canceled') {
    return { title: 'Processing canceled', text: 'This video is not online.' };
  }
  if (status === 'uploading') {
    return {
      title: 'Still uploading',
      text: 'You can watch it here soon after the upload is complete.',
    };
  }
  return {
    title: 'Not ready to watch yet',
    text: 'It starts here automatically as soon as its beginning is ready.',
  };
}
