import { DEFAULT_APP_SETTINGS } from '@reelmill/desktop/contracts/desktop.ts';
import type { Page } from 'playwright-core';
import { makeLongQueue } from './previewQueue.ts';
import { ADMIN, makePreviewState, NOBODY, type PreviewState } from './previewState.ts';
import { FULL, makeIntake } from './screenStates.ts';

const MB = 1024 ** 2;

/** Something that the app shows: what it knows, and how one gets there from its first view. */
export interface Screen {
  name: string;
  state: PreviewState;
  reach?(page: Page, text: PickText): Promise<void>;
}

/** The labels that a screen is reached by, which differ between the languages. */
export type PickText = (english: string, chinese: string) => string;

export const SCREENS: readonly Screen[] = [
  { name: 'sign-in', state: makePreviewState({ session: NOBODY }), reach: waitForServer },
  {
    name: 'sign-in-first',
    state: makePreviewState({ session: { ...NOBODY, serverUrl: null } }),
  },
  {
    name: 'sign-in-no-keyring',
    state: makePreviewState({
      session: NOBODY,
      info: { version: '0.1.0', platform: 'linux', language: 'en', sessionStorage: 'plain' },
    }),
    reach: waitForServer,
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
    async reach(page, text) {
      await waitForServer(page);
      await page.getByLabel(text('E-mail', '邮箱')).fill('ada@example.com');
      await page.getByLabel(text('Password', '密码'), { exact: true }).fill('not this one');
      await page.keyboard.press('Enter');
      await page.getByText(text('Incorrect e-mail address', '密码不正确')).waitFor();
    },
  },
  {
    name: 'sign-in-no-server',
    state: makePreviewState({
      session: NOBODY,
      failing: { 'session.probe': { code: 'certificate_invalid', message: 'Not trusted.' } },
    }),
    reach: (page, text) => page.getByText(text('is not trusted', '不可信')).waitFor(),
  },
  {
    name: 'sign-in-unreachable',
    state: makePreviewState({
      session: NOBODY,
      failing: { 'session.probe': { code: 'network', message: 'No response.' } },
    }),
    reach: (page, text) =>
      page.getByText(text('No server responds at this address', '此地址没有响应')).waitFor(),
  },
  {
    name: 'sign-in-waiting',
    state: makePreviewState({
      session: { ...NOBODY, serverUrl: 'https://reelmill.example.com' },
      failing: { 'session.signIn': { code: 'rate_limited', message: 'Too many.', retryAfterSeconds: 240 } },
    }),
    async reach(page, text) {
      await waitForServer(page);
      await page.getByLabel(text('E-mail', '邮箱')).fill('ada@example.com');
      await page.getByLabel(text('Password', '密码'), { exact: true }).fill('the right one');
      await page.keyboard.press('Enter');
      await page.getByText(text('Too many attempts', '尝试次数过多')).waitFor();
    },
  },
  {
    name: 'register',
    state: makePreviewState({ session: NOBODY }),
    async reach(page, text) {
      await page.getByRole('button', { name: text('Create an account', '立即创建') }).click();
      await page.getByRole('button', { name: text('Create account', '创建账户') }).click();
      await page.getByText(text('Enter your password', '请输入密码')).waitFor();
    },
  },
  { name: 'queue', state: makePreviewState(FULL), reach: waitForRows },
  { name: 'queue-empty', state: makePreviewState() },
  { name: 'queue-long', state: makePreviewState({ queue: makeLongQueue() }), reach: waitForRows },
  { name: 'queue-loading', state: makePreviewState({ silent: ['queue.list'] }) },
  {
    name: 'queue-failed',
    state: makePreviewState({ failing: { 'queue.list': { code: 'internal', message: 'No.' } } }),
  },
  {
    name: 'queue-dragging',
    state: makePreviewState(FULL),
    async reach(page, text) {
      await waitForRows(page);
      await page.evaluate(DRAG_ON);
      await page.getByText(text('Drop to upload', '松开即可上传')).waitFor();
    },
  },
  {
    name: 'queue-refused',
    state: makePreviewState(FULL),
    async reach(page) {
      await waitForRows(page);
      await page.evaluate(`preview.send('queue.intake', ${JSON.stringify(makeIntake())})`);
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'queue-selected',
    state: makePreviewState(FULL),
    async reach(page) {
      await waitForRows(page);
      await page.getByRole('row').first().focus();
      await page.keyboard.press('Control+A');
      await page.getByRole('toolbar').waitFor();
    },
  },
  {
    name: 'queue-menu',
    state: makePreviewState(FULL),
    async reach(page, text) {
      await waitForRows(page);
      await page
        .getByRole('button', { name: text('More actions: Interview', '更多操作：Interview') })
        .first()
        .click();
      await page.getByRole('menuitem', { name: text('Move to top', '移到最前') }).waitFor();
    },
  },
  {
    name: 'queue-cancel',
    state: makePreviewState(FULL),
    async reach(page, text) {
      await waitForRows(page);
      await page.getByRole('row').first().focus();
      await page.keyboard.press('Control+A');
      await page
        .getByRole('toolbar')
        .getByRole('button', { name: text('Cancel', '取消上传') })
        .click();
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'library', state: makePreviewState(FULL), reach: toLibrary },
  { name: 'library-empty', state: makePreviewState(), reach: toLibrary },
  {
    name: 'library-failed',
    state: makePreviewState({ failing: { 'library.list': { code: 'network', message: 'No.' } } }),
    reach: toLibrary,
  },
  { name: 'library-loading', state: makePreviewState({ silent: ['library.list'] }), reach: toLibrary },
  {
    name: 'library-nothing',
    state: makePreviewState(FULL),
    async reach(page, text) {
      await toLibrary(page, text);
      await page.getByRole('searchbox').fill('a title that no video has');
      await page.getByText(text('Nothing found', '没有找到视频')).waitFor();
    },
  },
  { name: 'library-detail', state: makePreviewState(FULL), reach: (page) => openVideo(page, 60) },
  { name: 'library-processing', state: makePreviewState(FULL), reach: (page) => openVideo(page, 59) },
  { name: 'library-waiting', state: makePreviewState(FULL), reach: (page) => openVideo(page, 56) },
  { name: 'library-broken', state: makePreviewState(FULL), reach: (page) => openVideo(page, 58) },
  {
    name: 'library-delete',
    state: makePreviewState(FULL),
    async reach(page, text) {
      await openVideo(page, 60);
      await page.getByRole('button', { name: text('More actions', '更多操作') }).click();
      await page.getByRole('menuitem', { name: text('Delete video', '删除视频') }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'library-old-link', state: makePreviewState(FULL), reach: (page) => openVideo(page, 54) },
  {
    name: 'library-new-link',
    state: makePreviewState(FULL),
    async reach(page, text) {
      await openVideo(page, 60);
      await page.getByRole('button', { name: text('Create new link', '生成新链接') }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'farm', state: makePreviewState(FULL), reach: toFarm },
  {
    name: 'farm-tables',
    state: makePreviewState(FULL),
    async reach(page, text) {
      await toFarm(page, text);
      await page.getByRole('table').nth(1).scrollIntoViewIfNeeded();
    },
  },
  { name: 'farm-empty', state: makePreviewState(), reach: toFarm },
  {
    name: 'farm-replay',
    state: makePreviewState(FULL),
    async reach(page, text) {
      await toFarm(page, text);
      await page.getByRole('button', { name: text('Replay', '重新投递') }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'farm-failed',
    state: makePreviewState({ failing: { 'farm.get': { code: 'network', message: 'No.' } } }),
    reach: toFarm,
  },
  { name: 'settings', state: makePreviewState(FULL), reach: toSettings },
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
    name: 'password-temporary',
    state: makePreviewState({
      session: { ...ADMIN, passwordTemporary: true },
      failing: { 'session.changePassword': { code: 'wrong_credentials', message: 'Wrong.' } },
    }),
    async reach(page, text) {
      await page.getByLabel(text('Current password', '当前密码'), { exact: true }).fill('not this one');
      await page.getByLabel(text('New password', '新密码'), { exact: true }).fill('correct horse');
      await page.keyboard.press('Enter');
      await page.getByText(text('Incorrect current password', '当前密码不正确')).waitFor();
    },
  },
  {
    name: 'settings-update-refused',
    state: makePreviewState({
      info: { version: '0.1.0', platform: 'linux', language: 'en', sessionStorage: 'plain' },
      update: { status: 'refused', version: null, message: 'The new version is not signed.' },
    }),
    async reach(page, text) {
      await toSettings(page, text);
      await page.getByText(text('without a valid signature', '没有有效签名')).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'settings-end',
    state: makePreviewState({ update: { status: 'ready', version: '0.2.0', message: null } }),
    async reach(page, text) {
      await toSettings(page, text);
      await page.getByText(text('Restart and install', '重启并安装')).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'notice',
    state: makePreviewState({ failing: { 'settings.set': { code: 'internal', message: 'No.' } } }),
    async reach(page, text) {
      await toSettings(page, text);
      await page.getByRole('switch', { name: text('Notifications', '通知') }).press('Space');
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'account-menu',
    state: makePreviewState(FULL),
    async reach(page, text) {
      await page.getByRole('button', { name: text('Account Ada', '账户 Ada') }).click();
      await page.getByRole('menuitem', { name: text('Sign out', '退出登录') }).waitFor();
    },
  },
  {
    name: 'sign-out',
    state: makePreviewState(FULL),
    async reach(page, text) {
      await page.getByRole('button', { name: text('Account Ada', '账户 Ada') }).click();
      await page.getByRole('menuitem', { name: text('Sign out', '退出登录') }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'start-failed',
    state: makePreviewState({ failing: { 'settings.get': { code: 'internal', message: 'No.' } } }),
  },
];

/** Something is dragged over the window, and stays there. */
const DRAG_ON = `setInterval(() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([''], 'film.mp4'));
  dispatchEvent(new DragEvent('dragover', { dataTransfer, bubbles: true, cancelable: true }));
}, 100)`;

async function openVideo(page: Page, videoId: number): Promise<void> {
  await page.evaluate(`preview.send('app.navigate', { view: 'library', videoId: ${videoId} })`);
  await page.getByRole('region', { name: /./ }).first().waitFor();
}

async function waitForServer(page: Page): Promise<void> {
  await page.getByText('Reelmill 0.1.0').waitFor();
}

async function waitForRows(page: Page): Promise<void> {
  await page.getByText('Interview with the lighthouse keeper').first().waitFor();
}

async function toLibrary(page: Page, text: PickText): Promise<void> {
  await openView(page, text('Library', '视频库'));
}

async function toFarm(page: Page, text: PickText): Promise<void> {
  await openView(page, text('Farm', '转码集群'));
}

async function toSettings(page: Page, text: PickText): Promise<void> {
  await openView(page, text('Settings', '设置'));
}

async function openView(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('button', { name }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
}
