import assert from 'node:assert/strict';
import { test } from 'node:test';
import { savedSessionSchema, toSavedSession } from './session.ts';

const OLD = {
  v: 1,
  serverUrl: 'https://videos.example.com',
  userId: 7,
  email: 'ann@example.org',
  nickname: 'Ann',
  token: 't',
  refreshToken: 'r',
};

test('accepts a session of an earlier version, whose role the next refresh sets', () => {
  assert.equal(savedSessionSchema.parse(OLD).role, 'creator');
  const session = toSavedSession(OLD.serverUrl, {
    token: 't2',
    refresh_token: 'r2',
    expires_in: 900,
    user: {
      user_id: 7,
      nickname: 'Ann',
      email: 'ann@example.org',
      role: 'admin',
      password_temporary: false,
      created_at: '2025-01-01T00:00:00Z',
    },
  });
  assert.equal(savedSessionSchema.parse(JSON.parse(JSON.stringify(session))).role, 'admin');
});
