import { DEFAULT_APP_SETTINGS } from '@reelmill/shared/contracts/desktop.ts';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import type { Page } from 'playwright-core';
import { makeFailedTask, makeFarm, makeWorker } from './farmFacts.ts';
import { makeVideo } from './libraryVideos.ts';
import { makeLongQueue, makeSituations } from './previewQueue.ts';
import { makePreviewState, NOBODY, type PreviewState } from './previewState.ts';

/** Something that the app shows: what it knows, and how one gets there from its first view. */
export interface Screen {
  name: string;
  state: PreviewState;
  reach?(page: Page, say: Words): Promise<void>;
}

/** The labels that a screen is reached by, which differ between the languages. */
export type Words = (english: string, chinese: string) => string;

const MB = 1024 ** 2;
const TITLES = [
  'Interview with the lighthouse keeper',
  'B-roll harbour, morning light',
  '城市的清晨：从码头到老街的十公里骑行记录',
  'Wedding of Anna and Tom – ceremony, speeches and the first dance, camera two, uncut version',
  'Cooking class 7: sourdough',
];

const full: Partial<PreviewState> = {
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

export const SCREENS: readonly Screen[] = [
  { name: 'sign-in', state: makePreviewState({ session: NOBODY }), reach: waitForServer },
  {
    name: 'sign-in-first',
    state: makePreviewState({ session: { ...NOBODY, serverUrl: null } }),
  },
  {
    name: 'sign-in-ended',
    state: makePreviewState({ session: { ...NOBODY, ended: 'refresh_token_reused' } }),
    reach: waitForServer,
  },
  {
    name: 'sign-in-wrong',
    state: makePreviewState({
      session: { ...NOBODY, serverUrl: 'http://192.168.1.20:3000' },
      failing: { 'session.signIn': { code: 'wrong_credentials', message: 'Wrong.' } },
    }),
    async reach(page, say) {
      await waitForServer(page);
      await page.getByLabel(say('E-mail', '邮箱')).fill('ada@example.com');
      await page.getByLabel(say('Password', '密码'), { exact: true }).fill('not this one');
      await page.keyboard.press('Enter');
      await page.getByText(say('password is not right', '密码不正确')).waitFor();
    },
  },
  {
    name: 'sign-in-no-server',
    state: makePreviewState({
      session: NOBODY,
      failing: { 'session.probe': { code: 'certificate_invalid', message: 'Not trusted.' } },
    }),
    reach: (page, say) => page.getByText(say('cannot be trusted', '不可信')).waitFor(),
  },
  {
    name: 'register',
    state: makePreviewState({ session: NOBODY }),
    async reach(page, say) {
      await page.getByRole('button', { name: say('Create an account', '立即创建') }).click();
      await page.getByRole('button', { name: say('Create account', '创建账户') }).click();
      await page.getByText(say('Enter your password', '请输入密码')).waitFor();
    },
  },
  { name: 'queue', state: makePreviewState(full), reach: waitForRows },
  { name: 'queue-empty', state: makePreviewState() },
  { name: 'queue-long', state: makePreviewState({ queue: makeLongQueue() }), reach: waitForRows },
  { name: 'queue-loading', state: makePreviewState({ silent: ['queue.list'] }) },
  {
    name: 'queue-failed',
    state: makePreviewState({ failing: { 'queue.list': { code: 'internal', message: 'No.' } } }),
  },
  { name: 'library', state: makePreviewState(full), reach: toLibrary },
  { name: 'library-empty', state: makePreviewState(), reach: toLibrary },
  {
    name: 'library-failed',
    state: makePreviewState({ failing: { 'library.list': { code: 'network', message: 'No.' } } }),
    reach: toLibrary,
  },
  {
    name: 'library-detail',
    state: makePreviewState(full),
    reach: (page) => page.evaluate("preview.send('app.navigate', { view: 'library', videoId: 60 })"),
  },
  { name: 'farm', state: makePreviewState(full), reach: toFarm },
  { name: 'farm-empty', state: makePreviewState(), reach: toFarm },
  {
    name: 'farm-failed',
    state: makePreviewState({ failing: { 'farm.get': { code: 'network', message: 'No.' } } }),
    reach: toFarm,
  },
  { name: 'settings', state: makePreviewState(full), reach: toSettings },
  {
    name: 'settings-limits',
    state: makePreviewState({
      settings: {
        ...DEFAULT_APP_SETTINGS,
        bytesPerSecond: 3 * MB,
        schedule: { enabled: true, from: '22:30', to: '06:00', bytesPerSecond: 512 * 1024 },
        watchFolder: {
          enabled: true,
          path: '/home/ada/Videos/A folder with a rather long name/Finished films of this autumn/To be uploaded',
        },
      },
      watchFolder: { status: 'missing' },
    }),
    reach: toSettings,
  },
  {
    name: 'settings-end',
    state: makePreviewState({ update: { status: 'ready', version: '0.2.0', message: null } }),
    async reach(page, say) {
      await toSettings(page, say);
      await page.getByText(say('Restart and install', '重启并安装')).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'notice',
    state: makePreviewState({ failing: { 'settings.set': { code: 'internal', message: 'No.' } } }),
    async reach(page, say) {
      await toSettings(page, say);
      await page.getByRole('switch', { name: say('Notifications', '通知') }).press('Space');
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'account-menu',
    state: makePreviewState(full),
    async reach(page, say) {
      await page.getByRole('button', { name: say('Account Ada', '账户 Ada') }).click();
      await page.getByRole('menuitem', { name: say('Sign out', '退出登录') }).waitFor();
    },
  },
  {
    name: 'sign-out',
    state: makePreviewState(full),
    async reach(page, say) {
      await page.getByRole('button', { name: say('Account Ada', '账户 Ada') }).click();
      await page.getByRole('menuitem', { name: say('Sign out', '退出登录') }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'start-failed',
    state: makePreviewState({ failing: { 'settings.get': { code: 'internal', message: 'No.' } } }),
  },
];

async function waitForServer(page: Page): Promise<void> {
  await page.getByText('Reelmill 0.1.0').waitFor();
}

async function waitForRows(page: Page): Promise<void> {
  await page.getByText('Interview with the lighthouse keeper').first().waitFor();
}

async function toLibrary(page: Page, say: Words): Promise<void> {
  await openView(page, say('Library', '视频库'));
}

async function toFarm(page: Page, say: Words): Promise<void> {
  await openView(page, say('Farm', '转码集群'));
}

async function toSettings(page: Page, say: Words): Promise<void> {
  await openView(page, say('Settings', '设置'));
}

async function openView(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('button', { name }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

function makeLibraryVideo(id: number): Video {
  const title = `${TITLES[id % TITLES.length]}${id > 5 ? ` (${id})` : ''}`;
  const facts: Partial<Video> = {
    title,
    cover_url: `/covers/${id}.svg`,
    duration: 40 + ((id * 977) % 7_000),
  };
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
  return makeVideo(id, { ...facts, visibility: id % 3 === 0 ? 'unlisted' : 'private' });
}

function makeBusyFarm() {
  return makeFarm({
    queue: { ready: 14, consumers: 4, dead_letters: 1 },
    tasks: { pending: 31, queued: 14, running: 3, done: 1_284, failed: 2, canceled: 6 },
    oldest_pending_seconds: 74,
    throughput: { tasks: 42, seconds: 600 },
    workers: [
      makeWorker('worker-1', { state: 'busy', task: task(1, 'encode', 64.2, 2.31) }),
      makeWorker('worker-2', { state: 'busy', host: 'farm-2', task: task(2, 'audio', 12, 18.4) }),
      makeWorker('worker-3', { state: 'idle', host: 'farm-2' }),
      makeWorker('worker-4', { state: 'sick', host: 'farm-3', reason: 'ffmpeg failed its self-test.' }),
      makeWorker('worker-5', { state: 'lost', host: 'farm-3' }),
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
