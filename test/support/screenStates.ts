import type { IntakeResult, RefusedFile, RefusedKind } from '@reelmill/desktop/contracts/desktop.ts';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { makeFailedTask, makeFarm, makeWorker } from './farmFacts.ts';
import { makeVideo } from './libraryVideos.ts';
import { makeSituations } from './previewQueue.ts';
import type { PreviewState } from './previewState.ts';

const TITLES = [
  'Interview with the lighthouse keeper',
  'B-roll harbour, morning light',
  '城市的清晨：从码头到老街的十公里骑行记录',
  'Wedding of Anna and Tom – ceremony, speeches and the first dance, camera two, uncut version',
  'Cooking class 7: sourdough',
];

/** Something of everything. */
export const FULL: Partial<PreviewState> = {
  queue: makeSituations(),
  videos: Array.from({ length: 60 }, (_, index) => makeLibraryVideo(60 - index)),
  farm: makeBusyFarm(),
  deadLetters: [
    {
      id: 'd1',
      queue: 'tasks',
      reason: 'The message could not be read.',
      died_at: '2026-11-24T11:40:00.000Z',
      body: '{"v":7,"kind":"encode"}',
    },
  ],
};

/** What became of files none of which was taken. */
export function makeIntake(): IntakeResult {
  const folder = '/home/ada/Videos/Autumn';
  const refuse = (name: string, kind: RefusedKind): RefusedFile => ({
    path: `${folder}/${name}`,
    code: 'unsupported_file',
    message: 'Refused.',
    kind,
  });
  return {
    added: [],
    known: 0,
    refused: [
      refuse('cover picture of the wedding of Anna and Tom.png', 'picture'),
      refuse('list.m3u8', 'playlist'),
      refuse('harbour.mp4.part', 'unfinishedDownload'),
      refuse('notes', 'emptyFolder'),
      { path: `${folder}/broken.mov`, code: 'file_unreadable', message: 'It cannot be read.' },
    ],
  };
}

function makeLibraryVideo(id: number): Video {
  const title = `${TITLES[id % TITLES.length]}${id > 5 ? ` (${id})` : ''}`;
  const facts: Partial<Video> = {
    title,
    cover_url: `/covers/${id}.svg`,
    duration: 40 + ((id * 977) % 7_000),
  };
  if (id === 60) {
    const message = 'This video has no sound.';
    return makeVideo(id, {
      ...facts,
      notices: [
        { code: 'audio_left_out', message, reason: 'undecodable' },
        { code: 'unknown_to_this_version', message: 'In the words of a newer server.' },
      ],
    });
  }
  if (id === 56) {
    const waiting = { since: '2026-11-24T11:40:00.000Z', reason_code: 'store' } as const;
    return makeVideo(id, { ...facts, status: 'transcoding', phase: 'encoding', progress: 12, waiting });
  }
  if (id === 59) {
    return makeVideo(id, {
      ...facts,
      status: 'transcoding',
      phase: 'encoding',
      progress: 47,
      eta_seconds: 130,
    });
  }
  if (id === 58) {
    return makeVideo(id, {
      ...facts,
      status: 'failed',
      cover_url: null,
      playable: false,
      error: { code: 'no_video_stream', message: 'The file has no pictures.' },
    });
  }
  if (id === 57) return makeVideo(id, { ...facts, status: 'uploading', cover_url: null, playable: false });
  if (id === 54) {
    const legacy_link_until = '2026-12-24T18:00:00.000Z';
    return makeVideo(id, { ...facts, visibility: 'unlisted', legacy_link_until });
  }
  return makeVideo(id, { ...facts, visibility: id % 3 === 0 ? 'unlisted' : 'private' });
}

function makeBusyFarm() {
  return makeFarm({
    queue: { ready: 14, consumers: 4, dead_letters: 1 },
    tasks: { pending: 31, queued: 14, running: 3, done: 1_284, failed: 2, canceled: 6 },
    oldest_pending_seconds: 74,
    throughput: { tasks: 42, seconds: 600 },
    workers: [
      makeWorker('worker-1', {
        state: 'busy',
        task: task(1, 'encode', 64.2, 2.31),
        ffmpeg_version: '7.1.5-0+deb13u1',
      }),
      makeWorker('worker-2', { state: 'busy', host: 'farm-2', task: task(2, 'audio', 12, 18.4) }),
      makeWorker('worker-3', { state: 'idle', host: 'farm-2' }),
      makeWorker('worker-4', { state: 'sick', host: 'farm-3', reason: 'ffmpeg failed its self-test.' }),
      makeWorker('worker-5', { state: 'lost', host: 'farm-3' }),
    ],
    waiting: [
      makeFailedTask(299, {
        state: 'pending',
        farm_faults: 7,
        error: { code: 'disk_full', message: 'The worker has no space left.', diagnostics: null },
      }),
    ],
    quarantined: [makeFailedTask(300, { state: 'pending', lost_leases: 4, worker_id: null, error: null })],
    stopped_jobs: [
      {
        job: 'stale_uploads',
        kind: 'count',
        reason: '412 uploads are due, and one run may remove 100.',
        since: '2026-11-24T09:30:00.000Z',
        items: 412,
        limit: 100,
      },
      {
        job: 'old_sources',
        kind: 'clock',
        reason: 'This server is 31536000 s ahead of its database.',
        since: '2026-11-24T11:58:00.000Z',
        items: null,
        limit: null,
      },
    ],
    recent_failures: [
      makeFailedTask(301),
      makeFailedTask(302, {
        kind: 'inspect',
        error: {
          code: 'source_unreachable',
          message: 'The source could not be read.',
          diagnostics: 'HTTP 503',
        },
      }),
    ],
    drain_seconds: 780,
    suggested_replicas: 8,
    scale_command: 'docker compose up -d --scale worker=8',
  });
}

function task(id: number, kind: 'encode' | 'audio', progress: number, speed: number) {
  return { task_id: id, video_id: 59, kind, progress, speed };
}
