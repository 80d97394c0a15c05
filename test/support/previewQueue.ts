import type { UploadSnapshot, UploadState } from '@reelmill/desktop/contracts/desktop.ts';
import { makeUploadSnapshot } from './uploadSnapshot.ts';

const MB = 1024 ** 2;
const TITLES = [
  'Interview with the lighthouse keeper',
  'B-roll harbour, morning light',
  'Wedding of Anna and Tom – ceremony, speeches and the first dance, camera two, uncut version for the family archive',
  '城市的清晨：从码头到老街的十公里骑行记录',
  'Drone_0042',
  'Cooking class 7: sourdough',
  'Board meeting recording',
  'Trailer v3 final FINAL',
];

export function makeUpload(id: number, facts: Partial<UploadSnapshot> = {}): UploadSnapshot {
  const fileName = `clip-${String(id).padStart(4, '0')}.mp4`;
  return makeUploadSnapshot(`u${id}`, {
    path: `/home/ada/Videos/Autumn/${fileName}`,
    fileName,
    title: TITLES[id % TITLES.length] ?? null,
    sizeBytes: (300 + ((id * 137) % 4_000)) * MB,
    ...facts,
  });
}

/** One upload in each situation that a person may meet, the most urgent first. */
export function makeSituations(): UploadSnapshot[] {
  return [
    makeUpload(0, uploading(1_200 * MB, 0.42)),
    makeUpload(1, uploading(640 * MB, 0.87)),
    makeUpload(2, {
      ...uploading(8_400 * MB, 0.1),
      retrying: { code: 'network', message: 'The server cannot be reached.', attempt: 2, waitMs: 8_000 },
    }),
    makeUpload(3, { state: 'fingerprinting' }),
    makeUpload(4, { ...uploading(900 * MB, 1), state: 'completing' }),
    makeUpload(5, processing({ phase: 'encoding', progress: 63.4, etaSeconds: 95, playable: true })),
    makeUpload(6, processing({ phase: 'queued', progress: 0, etaSeconds: null, playable: false })),
    makeUpload(7, { ...uploading(2_000 * MB, 0.3), state: 'paused' }),
    makeUpload(8, fail('upload', 'file_unreadable', 'The file is not there any more.')),
    makeUpload(9, {
      ...fail('upload', 'duplicate', 'This file is video 12 already.'),
      failure: {
        stage: 'upload',
        code: 'duplicate',
        message: 'This file is video 12 already.',
        duplicateOf: { videoId: 12, title: 'B-roll harbour, morning light' },
      },
    }),
    makeUpload(10, fail('transcode', 'no_video_stream', 'The file has no pictures.')),
    makeUpload(11, fail('upload', 'file_changed', 'The file was changed.')),
    makeUpload(12),
    makeUpload(13),
    makeUpload(14, online()),
    makeUpload(15, { state: 'canceled' }),
  ];
}

/** Thousands of uploads, in all states. */
export function makeLongQueue(count = 2_000): UploadSnapshot[] {
  const situations = makeSituations();
  return Array.from({ length: count }, (_, index) => {
    const like = situations[index % situations.length] ?? makeUpload(index);
    const { id, path, fileName, title } = makeUpload(index);
    return { ...like, id, path, fileName, title };
  });
}

function uploading(sizeBytes: number, part: number): Partial<UploadSnapshot> {
  const sentBytes = Math.round(sizeBytes * part);
  const bytesPerSecond = 11.4 * MB;
  const etaSeconds = (sizeBytes - sentBytes) / bytesPerSecond;
  return {
    state: 'uploading',
    sizeBytes,
    acknowledgedBytes: sentBytes,
    sentBytes,
    bytesPerSecond,
    etaSeconds,
  };
}

function processing(facts: Partial<NonNullable<UploadSnapshot['video']>>): Partial<UploadSnapshot> {
  return { ...arrived('processing'), video: { ...VIDEO, status: 'transcoding', ...facts } };
}

function online(): Partial<UploadSnapshot> {
  return { ...arrived('online'), video: { ...VIDEO, progress: 100, playable: true } };
}

const VIDEO: NonNullable<UploadSnapshot['video']> = {
  status: 'online',
  phase: null,
  progress: 0,
  etaSeconds: null,
  playable: false,
  waitingFor: null,
  watchUrl: 'https://reelmill.example.com/watch/12',
};

function arrived(state: UploadState): Partial<UploadSnapshot> {
  const sizeBytes = 700 * MB;
  return { state, sizeBytes, acknowledgedBytes: sizeBytes, sentBytes: sizeBytes, videoId: 12 };
}

function fail(
  stage: NonNullable<UploadSnapshot['failure']>['stage'],
  code: NonNullable<UploadSnapshot['failure']>['code'],
  message: string,
): Partial<UploadSnapshot> {
  return { state: 'failed', failure: { stage, code, message, duplicateOf: null } };
}
