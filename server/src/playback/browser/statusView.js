/** @import { GuestVideo, Video } from '@reelmill/shared/contracts/videos.ts' */
import { show } from './elements.js';
import { find } from './find.js';
import { describeRemaining } from './format.js';
import { formatTime } from './time.js';

/** Owners see all of a video, guests only what watching takes. @typedef {Video | GuestVideo} ShownVideo */

/** @type {Record<NonNullable<Video['phase']>, string>} */
const PHASES = {
  queued: 'Waiting for a free worker',
  inspecting: 'Looking at the file',
  encoding: 'Making it ready to play',
  finalizing: 'Finishing',
};

/** @type {Record<NonNullable<Video['waiting']>['reason_code'], string>} */
const WAITING = {
  store: 'Waiting for the storage, which does not respond; it goes on by itself',
  disk: 'Waiting for disk space; it goes on by itself',
  worker: 'Waiting: no worker is running',
};

const NO_FACTS = { width: null, height: null, online_at: null };

/** @type {Record<Video['visibility'], string>} */
const LINK_HINTS = {
  private: 'Whoever has this link can watch the video until the link expires.',
  unlisted: 'Whoever has this link can watch the video.',
  public: 'Everybody can watch this video.',
};

/** What the page says about a video below the picture: title, facts, and how far it is. */
export class StatusView {
  #title = find('#title', HTMLElement);
  #facts = find('#facts', HTMLElement);
  #notices = find('#notices', HTMLElement);
  #description = find('#description', HTMLElement);
  #progress = find('#progress', HTMLElement);
  #progressDetails = find('#progress-details', HTMLElement);
  #progressBar = find('#progress progress', HTMLProgressElement);
  #progressWords = find('#progress-words', HTMLElement);
  #progressHint = find('#progress-hint', HTMLElement);
  #progressShare = find('#progress-share', HTMLElement);
  #share = find('#share', HTMLElement);
  #shareLink = find('#share-link', HTMLInputElement);
  #shareHint = find('#share-hint', HTMLElement);
  #announcement = find('#announcement', HTMLElement);

  /** @param {ShownVideo} video */
  showVideo(video) {
    document.title = `${video.title} · Reelmill`;
    this.#title.textContent = video.title;
    this.#description.textContent = video.description;
    show(this.#description, video.description !== '');
    this.#facts.textContent = listFacts(video).join(' · ');
    this.#showProgress(video);
    // these are for its owner
    if ('notices' in video) this.#showNotices(video);
    if ('watch_url' in video) this.#showLink(video);
  }

  /** Said aloud by screen readers, once. @param {string} words */
  announce(words) {
    if (this.#announcement.textContent !== words) this.#announcement.textContent = words;
  }

  /** @param {ShownVideo} video */
  #showProgress(video) {
    const playable = video.playback_url !== null;
    const details = 'phase' in video ? video : null;
    show(this.#progress, video.status === 'transcoding' && (playable || details !== null));
    if (video.status !== 'transcoding') return;
    show(this.#progressDetails, details !== null);
    show(this.#progressHint, playable);
    if (details !== null) this.#showDetails(details);
    const words = details === null ? '' : wordState(details);
    this.announce(playable ? 'The beginning can be watched.' : words);
  }

  /** @param {Video} video */
  #showNotices({ notices }) {
    const items = notices.map(({ message }) => {
      const item = document.createElement('li');
      item.textContent = message;
      return item;
    });
    this.#notices.replaceChildren(...items);
    show(this.#notices, items.length > 0);
  }

  /** @param {Video} video */
  #showDetails(video) {
    const { progress, eta_seconds } = video;
    const remaining = eta_seconds === null ? '' : describeRemaining(eta_seconds);
    this.#progressBar.value = progress;
    this.#progressShare.textContent = `${Math.floor(progress)} %`;
    this.#progressWords.textContent = [wordState(video), remaining].filter((part) => part !== '').join(' · ');
  }

  /** @param {Video} video */
  #showLink({ visibility, watch_url, legacy_link_until }) {
    this.#shareLink.value = watch_url;
    const hints = [LINK_HINTS[visibility]];
    if (legacy_link_until !== null) {
      hints.push(`Its old link, without a token, works until ${formatDate(legacy_link_until)}.`);
    }
    this.#shareHint.textContent = hints.join(' ');
    show(this.#share, true);
  }
}

/** What it does, or what it waits for. @param {Video} video */
function wordState({ phase, waiting }) {
  return waiting === null ? PHASES[phase ?? 'queued'] : WAITING[waiting.reason_code];
}

/** @param {ShownVideo} video */
function listFacts(video) {
  const { duration, status } = video;
  const { width, height, online_at } = 'online_at' in video ? video : NO_FACTS;
  return [
    duration === null ? '' : formatTime(duration),
    width === null || height === null ? '' : `${width} × ${height}`,
    status === 'online' && online_at !== null ? formatDate(online_at) : '',
  ].filter((fact) => fact !== '');
}

/** @param {string} iso */
function formatDate(iso) {
  return new Date(iso).toLocaleDateString('en', { day: 'numeric', month: 'long', year: 'numeric' });
}

/** What is in the way of watching; null where nothing is. @param {ShownVideo} video */
export function noticeFor(video) {
  const { status } = video;
  if (status === 'online' || (status === 'transcoding' && video.playback_url !== null)) return null;
  if (status === 'failed') {
    return {
      title: 'This video could not be made ready',
      // why is for its owner
      text: 'error' in video && video.error !== null ? video.error.message : 'It cannot be watched.',
    };
  }
  if (status === 'canceled') {
    return { title: 'This video was canceled', text: 'It was stopped before it was ready to play.' };
  }
  if (status === 'uploading') {
    return {
      title: 'Still being uploaded',
      text: 'It can be watched here as soon as the upload is complete.',
    };
  }
  return {
    title: 'Nearly there',
    text: 'This video is being made ready. It starts here by itself as soon as its beginning is.',
  };
}
