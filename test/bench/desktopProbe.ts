import { readdir, readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';

/** A screen shows sixty pictures a second. */
const FRAME_MS = 1000 / 60;
const SCROLL_MS = 5_000;
/** How long the page may still be busy with its start. */
const SAVE_DELAY_MS = 1_500;

/** When something was on the screen and when the page answered to people from then on, as `Date.now()` counts. */
export interface StartTimes {
  paintedAtMs: number;
  interactiveAtMs: number;
}

/** Interactive is the end of the last long task of the start, or the first picture where there is none after it. */
export async function readStart(page: Page): Promise<StartTimes> {
  return page.evaluate<StartTimes>(`(async () => {
    await new Promise((resolve) => setTimeout(resolve, ${SAVE_DELAY_MS}));
    const tasks = [];
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
    observer.observe({ type: 'longtask', buffered: true });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const painted = performance.getEntriesByName('first-contentful-paint')[0].startTime;
    const busyUntil = Math.max(painted, ...tasks.map(({ startTime, duration }) => startTime + duration));
    const { timeOrigin } = performance;
    return { paintedAtMs: timeOrigin + painted, interactiveAtMs: timeOrigin + busyUntil };
  })()`);
}

/** What scrolling was like: frames that came, frames that did not, and the longest wait for one. */
export interface Smoothness {
  frames: number;
  dropped: number;
  longestMs: number;
}

/** Scrolls the list of uploads up and down for some seconds, a quarter of a row each frame. */
export async function scrollQueue(page: Page): Promise<Smoothness> {
  const gaps = await page.evaluate<number[]>(`new Promise((resolve) => {
    const grid = document.querySelector('[role=grid]');
    let scroller = grid;
    while (scroller.scrollHeight <= scroller.clientHeight || getComputedStyle(scroller).overflowY === 'visible') {
      scroller = scroller.parentElement;
    }
    const gaps = [];
    const start = performance.now();
    let before;
    let step = 20;
    const draw = (now) => {
      if (before !== undefined) gaps.push(now - before);
      before = now;
      if (scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 1) step = -20;
      if (scroller.scrollTop <= 0) step = 20;
      scroller.scrollTop += step;
      if (now - start < ${SCROLL_MS}) requestAnimationFrame(draw);
      else resolve(gaps);
    };
    requestAnimationFrame(draw);
  })`);
  const dropped = gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / FRAME_MS) - 1), 0);
  return { frames: gaps.length, dropped, longestMs: Math.max(...gaps) };
}

/** Mebibytes that the processes of an app hold: each alone, and all together without counting shared pages twice. */
export interface Memory {
  main: number;
  renderer: number;
  all: number;
}

/** Of an app by its main process: what came from that, and what came from those. */
export async function readMemory(mainPid: number): Promise<Memory> {
  const memory: Memory = { main: 0, renderer: 0, all: 0 };
  for (const pid of await listFamily(mainPid)) {
    const [command, rollup] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
      readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => ''),
    ]);
    const mebibytes = (field: string): number =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
    memory.all += mebibytes('Pss');
    if (pid === mainPid) memory.main += mebibytes('Rss');
    if (command.includes('--type=renderer')) memory.renderer += mebibytes('Rss');
  }
  if (memory.main === 0 || memory.renderer === 0) throw new Error('the app has no window any more');
  return memory;
}

async function listFamily(mainPid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    parents.set(Number(pid), Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0));
  }
  const isOfFamily = (pid: number | undefined): boolean =>
    pid === mainPid || (pid !== undefined && parents.has(pid) && isOfFamily(parents.get(pid)));
  return [...parents.keys()].filter(isOfFamily);
}
