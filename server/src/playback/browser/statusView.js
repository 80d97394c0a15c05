/** @import { Video } from '@reelmill/shared/contracts/videos.ts' */
import { show } from './elements.js';
import { find } from './find.js';
import { describeRemaining } from './format.js';
import { formatTime } from './time.js';

/** @type {Record<NonNullable<Video['phase']>, string>} */
const PHASES = {
  queued: 'Waiting for a free worker',
  inspecting: 'Looking at the file',
  encoding: 'Making it ready to play',
  finalizing: 'Finishing',
};

/** What the page says about a video below the picture: title, facts, and how far it is. */
export class StatusView {
  #title = find('#title', HTMLElement);
  #facts = find('#facts', HTMLElement);
  #description = find('#description', HTMLElement);
  #progress = find('#progress', HTMLElement);
  #progressBar = find('#progress progress', HTMLProgressElement);
  #progressWords = find('#progress-words', HTMLElement);
  #progressHint = find('#progress-hint', HTMLElement);
  #progressShare = find('#progress-share', HTMLElement);
  #announcement = find('#announcement', HTMLElement);

  /** @param {Video} video */
  showVideo(video) {
    document.title = `${video.title} · Reelmill`;
    this.#title.textContent = video.title;
    this.#description.textContent = video.description;
    show(this.#description, video.description !== '');
    this.#facts.textContent = listFacts(video).join(' · ');
    this.#showProgress(video);
  }

  /** Said aloud by screen readers, once. @param {string} words */
  announce(words) {
    if (this.#announcement.textContent !== words) this.#announcement.textContent = words;
  }

  /** @param {Video} video */
  #showProgress({ status, phase, progress, eta_seconds, playable }) {
    show(this.#progress, status === 'transcoding');
    if (status !== 'transcoding') return;
    const words = PHASES[phase ?? 'queued'];
    const remaining = eta_seconds === null ? '' : describeRemaining(eta_seconds);
    this.#progressBar.value = progress;
    this.#progressShare.textContent = `${Math.floor(progress)} %`;
    this.#progressWords.textContent = [words, remaining].filter((part) => part !== '').join(' · ');
    show(this.#progressHint, playable);
    this.announce(playable ? 'The beginning can be watched.' : words);
  }
}

/** @param {Video} video */
function listFacts({ duration, width, height, online_at, status }) {
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

/** What is in the way of watching; null where nothing is. @param {Video} video */
export function noticeFor({ status, playable, error }) {
  if (status === 'online' || (status === 'transcoding' && playable)) return null;
  if (status === 'failed') {
    return {
      title: 'This video could not be made ready',
      text: error?.message ?? 'The reason is not known.',
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
