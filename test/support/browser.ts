import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { makeTemporaryFolder } from './processes.ts';

const EXECUTABLE = '/usr/bin/chromium';
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const TIMEOUT_MS = 60_000;

export interface TestBrowser {
  /** A page of its own, and everything that its console called an error or a warning so far. */
  open(url: string, view?: View): Promise<{ page: Page; complaints: string[] }>;
  close(): Promise<void>;
}

export interface View {
  width?: number;
  height?: number;
  colorScheme?: 'light' | 'dark';
  reducedMotion?: 'reduce';
  /** Runs before the page is loaded. */
  prepare?(page: Page): Promise<void>;
}

/** Starts Debian's Chromium with a profile that is gone when it is closed. */
export async function startBrowser(): Promise<TestBrowser> {
  const profile = await makeTemporaryFolder('browser');
  const context = await chromium.launchPersistentContext(profile.path, {
    executablePath: EXECUTABLE,
    args: ARGUMENTS,
    headless: true,
    timeout: TIMEOUT_MS,
  });
  return {
    open: (url, view) => openPage(context, url, view),
    async close() {
      await context.close();
      await profile.remove();
    },
  };
}

async function openPage(context: BrowserContext, url: string, view: View = {}) {
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  await page.setViewportSize({ width: view.width ?? 1280, height: view.height ?? 800 });
  const { colorScheme = 'light', reducedMotion = null } = view;
  await page.emulateMedia({ colorScheme, reducedMotion });
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await view.prepare?.(page);
  await page.goto(url);
  return { page, complaints };
}
