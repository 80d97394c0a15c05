import { createHash } from 'node:crypto';
import { planVideo } from '@reelmill/server/plan/planVideo.ts';
import type { Visibility } from '@reelmill/shared/contracts/videos.ts';
import type { Sequelize } from 'sequelize';
import { hashPassword } from '../../server/src/auth/passwords.ts';
import { factsOf } from './taskResults.ts';

const AT = new Date('2026-02-03T04:05:06.789Z');

/** What `insertFixture` puts into a database, as people see it. */
export const FIXTURE = {
  user: { email: 'ann@example.org', password: 'a password of old', nickname: 'Änn 🎬' },
  videos: [
    { id: 1, status: 'online', title: 'Größe 🎬', progress: 100 },
    { id: 2, status: 'transcoding', title: 'half way', progress: 33.3 },
    { id: 3, status: 'uploading', title: 'coming', progress: 0 },
    { id: 4, status: 'online', title: 'shared', progress: 100 },
    { id: 5, status: 'online', title: 'for all', progress: 100 },
  ],
} as const;

const VISIBILITIES: Record<number, Visibility> = { 4: 'unlisted', 5: 'public' };

/** Rows in the columns that every version has had, written without the models of this one. */
export async function insertFixture(sequelize: Sequelize): Promise<void> {
  const schema = sequelize.getQueryInterface();
  const at = (date: Date): string => toColumn(sequelize, date);
  const times = { created_at: at(AT), updated_at: at(AT) };
  const { user, videos } = FIXTURE;
  await schema.bulkInsert('users', [
    {
      id: 1,
      email: user.email,
      nickname: user.nickname,
      password_hash: await hashPassword(user.password),
      role: 'creator',
      ...times,
    },
  ]);
  await schema.bulkInsert('refresh_tokens', [token('used', at(AT)), token('good', null)]);
  await schema.bulkInsert(
    'videos',
    videos.map((video) => makeVideoRow(at, video)),
  );
  await schema.bulkInsert('video_sources', [
    {
      video_id: 1,
      quality: '720p',
      format: 'HLS',
      object_key: 'processed/1/hls_720p/720p.m3u8',
      width: 1280,
      height: 720,
      frame_rate: 29.97,
      bandwidth: 3_000_000,
      average_bandwidth: 2_000_000,
      codecs: 'avc1.64001f,mp4a.40.2',
    },
  ]);
  await schema.bulkInsert('tasks', [
    task(0, 'inspect', 'done', 1000, at(AT)),
    task(1, 'encode', 'running', 40, at(AT)),
  ]);
  await schema.bulkInsert('uploads', [
    {
      video_id: 3,
      user_id: 1,
      store_upload_id: 'an-upload',
      size_bytes: 6_000_000_000,
      part_size_bytes: 16_777_216,
      part_count: 358,
      fingerprint: 'ab'.repeat(32),
      last_modified_ms: 1_700_000_000_123,
      expires_at: at(new Date(AT.getTime() + 7 * 86_400_000)),
      created_at: at(AT),
    },
  ]);
  // a version that had the column filled it in
  const { fingerprint } = await schema.describeTable('videos');
  if (fingerprint !== undefined) {
    await schema.bulkUpdate('videos', { fingerprint: 'ab'.repeat(32) }, { id: 3 });
  }
  await schema.bulkInsert('workers', [
    {
      id: 'worker-1',
      host: 'farm-1',
      version: '0.1.0',
      cpus: 2,
      state: 'busy',
      task_id: 2,
      started_at: at(AT),
      last_seen_at: at(AT),
    },
  ]);
}

/** So many more unlisted videos. */
export async function insertUnlisted(sequelize: Sequelize, count: number): Promise<void> {
  const at = (date: Date): string => toColumn(sequelize, date);
  const rows = Array.from({ length: count }, (_, index) => {
    const video = { id: 100 + index, status: 'online', title: 'shared', progress: 100 };
    return { ...makeVideoRow(at, video), description: '', visibility: 'unlisted' };
  });
  await sequelize.getQueryInterface().bulkInsert('videos', rows);
}

interface VideoFacts {
  id: number;
  status: string;
  title: string;
  progress: number;
}

function makeVideoRow(at: (date: Date) => string, { id, status, title, progress }: VideoFacts) {
  return {
    id,
    user_id: 1,
    title,
    description: 'x'.repeat(5_000),
    visibility: VISIBILITIES[id] ?? 'private',
    status,
    phase: status === 'transcoding' ? 'encoding' : null,
    progress,
    playable: status === 'online',
    file_name: `${title}.mp4`,
    size_bytes: 5_497_558_138_880,
    source_key: `raw/${id}/film.mp4`,
    duration_seconds: 20.02,
    plan: status === 'transcoding' ? JSON.stringify(plan()) : null,
    plan_version: status === 'transcoding' ? 2 : 1,
    transcode_started_at: status === 'uploading' ? null : at(AT),
    online_at: status === 'online' ? at(AT) : null,
    created_at: at(new Date(AT.getTime() + id * 1000)),
    updated_at: at(AT),
  };
}

/** Milliseconds and all, as the models of every version read it. */
function toColumn(sequelize: Sequelize, date: Date): string {
  const text = date.toISOString().replace('T', ' ').replace('Z', '');
  return sequelize.getDialect() === 'sqlite' ? `${text} +00:00` : text;
}

function plan() {
  return planVideo(factsOf({ durationSeconds: 4 }), { version: 2, chunkSeconds: 60 });
}

function token(text: string, usedAt: string | null) {
  return {
    user_id: 1,
    family: '7f1b2c9e-0000-4000-8000-000000000001',
    token_hash: createHash('sha256').update(text).digest('hex'),
    expires_at: '2099-01-01 00:00:00.000',
    used_at: usedAt,
    created_at: '2026-01-01 00:00:00.000',
  };
}

function task(position: number, kind: string, state: string, unitsDone: number, at: string) {
  return {
    video_id: 2,
    plan_version: 2,
    kind,
    position,
    state,
    spec: JSON.stringify({ kind: 'inspect', source: { key: 'raw/2/film.mp4', sizeBytes: 1 } }),
    units_done: unitsDone,
    units_total: kind === 'inspect' ? 1000 : 100,
    available_at: at,
    created_at: at,
    updated_at: at,
  };
}
