import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setDefaultCACertificates } from 'node:tls';
import { runReelmill, startReelmill } from '../support/cli.ts';
import { makeFilm } from '../support/films.ts';
import { findFreePort, makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { ComposeFarm } from './composeFarm.ts';
import { Creator } from './creator.ts';

const SECONDS = 10;
const ONLINE_MS = 5 * 60_000;
// on the ports that the compose file publishes
const API = 'https://localhost';
const STORE = 'https://localhost:9443';

let folder: TemporaryFolder;
let farm: ComposeFarm;
before(async () => {
  folder = await makeTemporaryFolder('tls');
  farm = await ComposeFarm.open({
    PUBLIC_URL: API,
    STORE_PUBLIC_URL: STORE,
    TRUST_PROXY: '1',
    STORE_PORT: `127.0.0.1:${await findFreePort()}`,
  });
  await farm.compose(['--profile', 'tls', 'up', '--detach', '--no-build']);
  await trustCaddy();
});
after(async () => {
  delete process.env.NODE_EXTRA_CA_CERTS;
  await farm.down();
  await folder.remove();
});

test('a film goes up over TLS alone, and plays over it', async () => {
  const creator = await Creator.signUp(farm.url, 'tls');
  const { email, password } = creator.credentials;
  const login = ['login', '--server', API, '--email', email, '--password-stdin'];
  const { code, stderr } = await runReelmill(folder.path, login, `${password}\n`);
  assert.equal(code, 0, stderr);
  const film = await makeFilm(folder.path, { seconds: SECONDS, size: '1280x720' });
  const upload = startReelmill(folder.path, ['upload', film, '--wait']);
  assert.deepEqual(await upload.waitForExit(ONLINE_MS), { code: 0, signal: null }, upload.lastLines());

  const [video, ...others] = await creator.videos();
  assert.deepEqual(others, []);
  assert.ok(video?.playback_url);
  assert.ok(video.playback_url.startsWith(`${API}/`), video.playback_url);
  assert.match(await (await fetch(video.playback_url)).text(), /^#EXTM3U/);
  await creator.watch(video.id, SECONDS);
});

test('plain HTTP is sent on, and what is for the inside stays there', async () => {
  const redirect = await fetch('http://localhost/docs', { redirect: 'manual' });
  assert.deepEqual([redirect.status, redirect.headers.get('location')], [308, `${API}/docs`]);
  for (const hidden of [`${API}/metrics`, `${STORE}/minio/health/live`]) {
    assert.equal((await fetch(hidden)).status, 404, hidden);
  }
});

test('Caddy is restarted with the certificates that it had', async () => {
  const caddy = await farm.container('caddy');
  await farm.docker.run(['restart', caddy.Id]);
  await waitFor('it answers', () => fetch(`${API}/healthz`).then(({ ok }) => ok));
  const { stdout, stderr } = await farm.compose(['logs', '--no-log-prefix', 'caddy']);
  assert.match(stdout + stderr, /"level":"info"/);
  assert.doesNotMatch(stdout + stderr, /"level":"error"/);
});

/** This process and its children trust the authority that Caddy makes for itself. */
async function trustCaddy(): Promise<void> {
  const caddy = await farm.container('caddy');
  const root = '/data/caddy/pki/authorities/local/root.crt';
  const certificate = await waitFor('its own authority', () => farm.exec(caddy, ['cat', root]));
  const file = path.join(folder.path, 'root.crt');
  await writeFile(file, certificate);
  process.env.NODE_EXTRA_CA_CERTS = file;
  setDefaultCACertificates([certificate]);
}
