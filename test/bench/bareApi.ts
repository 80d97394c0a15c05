/**
 * What the API is measured against: `GET /api/v1/videos/:id` as somebody would write it who has Express and mysql2 and
 * needs nothing else. Same token, same two reads, same answer; its links are signed each with one HMAC.
 */
import { createHmac } from 'node:crypto';
import express from 'express';
import jwt from 'jsonwebtoken';
import { createPool, type RowDataPacket } from 'mysql2/promise';

const { DATABASE_URL = '', TOKEN_SECRET = '', LINK_SECRET = '', PORT } = process.env;
const BASE = `http://127.0.0.1:${PORT}`;
const TTL_SECONDS = 21_600;

const pool = createPool({ uri: DATABASE_URL, connectionLimit: 10, timezone: 'Z' });
const app = express();

app.get('/api/v1/videos/:id', async (request, response) => {
  const token = request.get('authorization')?.slice('Bearer '.length) ?? '';
  const { sub } = jwt.verify(token, TOKEN_SECRET, { algorithms: ['HS256'], issuer: 'reelmill' });
  const [[video]] = await pool.execute<RowDataPacket[]>(
    `SELECT id, user_id, title, description, visibility, status, phase, progress, playable, file_name, size_bytes,
       duration_seconds, width, height, frame_rate, cover_key, storyboard_key, error_code, error_message, created_at,
       updated_at, online_at
     FROM videos WHERE id = ? AND deleted_at IS NULL`,
    [request.params.id],
  );
  if (video === undefined || String(video.user_id) !== sub) {
    response.status(404).json({ error: 'not found' });
    return;
  }
  const [sources] = await pool.execute<RowDataPacket[]>(
    `SELECT quality, format, object_key, width, height, frame_rate, bandwidth, average_bandwidth, codecs
     FROM video_sources WHERE video_id = ? ORDER BY height DESC, width DESC`,
    [video.id],
  );
  response.json({
    video: serializeVideo(video),
    sources: sources.map((row) => describeSource(video.id, row)),
  });
});

app.listen(Number(PORT), '127.0.0.1');

function serializeVideo(row: RowDataPacket) {
  return {
    id: row.id,
    user_id: row.user_id,
    title: row.title,
    description: row.description,
    visibility: row.visibility,
    status: row.status,
    phase: row.phase,
    progress: row.progress,
    eta_seconds: null,
    playable: row.playable === 1,
    file_name: row.file_name,
    size_bytes: Number(row.size_bytes),
    duration: row.duration_seconds,
    width: row.width,
    height: row.height,
    frame_rate: row.frame_rate,
    cover_url: sign(`/store/${row.cover_key}`),
    storyboard_url: sign(`/api/v1/videos/${row.id}/storyboard.vtt`),
    playback_url: sign(`/api/v1/videos/${row.id}/hls/master.m3u8`),
    watch_url: sign(`/watch/${row.id}`),
    legacy_link_until: null,
    waiting: null,
    notices: [],
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message },
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    online_at: row.online_at.toISOString(),
  };
}

function describeSource(videoId: number, row: RowDataPacket) {
  return {
    quality: row.quality,
    format: row.format,
    url: sign(`/api/v1/videos/${videoId}/hls/master-${row.quality}.m3u8`),
    key: row.object_key,
    width: row.width,
    height: row.height,
    frame_rate: row.frame_rate,
    bandwidth: row.bandwidth,
    average_bandwidth: row.average_bandwidth,
    codecs: row.codecs,
  };
}

function sign(path: string): string {
  const expires = Math.ceil(Date.now() / 1000) + TTL_SECONDS;
  const signature = createHmac('sha256', LINK_SECRET).update(`${path}\n${expires}`).digest('base64url');
  return `${BASE}${path}?expires=${expires}&signature=${signature}`;
}
