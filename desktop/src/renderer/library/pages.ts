import type { Video } from '@reelmill/shared/contracts/videos.ts';

/** The number of videos per page. */
export const PAGE_SIZE = 60;
/** How many pages around the visible ones are kept in memory. */
const MAX_PAGES = 12;

/** Loaded pages by their number, the first is 0. */
export type Pages = ReadonlyMap<number, readonly Video[]>;

/** The first and the last visible video, counted from 0. */
export interface Range {
  first: number;
  last: number;
}

/** Returns the pages of a range. */
export function pagesOf({ first, last }: Range): number[] {
  const from = Math.floor(Math.max(0, first) / PAGE_SIZE);
  const to = Math.floor(Math.max(0, first, last) / PAGE_SIZE);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Returns undefined where it is not loaded. */
export function videoAt(pages: Pages, index: number): Video | undefined {
  return pages.get(Math.floor(index / PAGE_SIZE))?.[index % PAGE_SIZE];
}

/** Replaces a page. Unchanged videos stay the same objects, so that they are not rendered again. */
export function putPage(pages: Pages, page: number, videos: readonly Video[]): Pages {
  const known = new Map([...pages.values()].flat().map((video) => [video.id, video]));
  const kept = videos.map((video) => {
    const before = known.get(video.id);
    return before !== undefined && isSame(before, video) ? before : video;
  });
  return new Map(pages).set(page, kept);
}

/** Returns the pages nearest to the visible ones, up to the maximum. */
export function keepNear(pages: Pages, shown: Range): Pages {
  if (pages.size <= MAX_PAGES) return pages;
  const middle = (shown.first + shown.last) / 2 / PAGE_SIZE - 0.5;
  const nearest = [...pages].sort(([one], [other]) => Math.abs(one - middle) - Math.abs(other - middle));
  return new Map(nearest.slice(0, MAX_PAGES));
}

/** Returns only the visible pages. */
export function keepShown(pages: Pages, shown: Range): Pages {
  const wanted = new Set(pagesOf(shown));
  return new Map([...pages].filter(([page]) => wanted.has(page)));
}

export function replaceVideo(pages: Pages, video: Video): Pages {
  return mapPages(pages, (videos) =>
    videos.some(({ id }) => id === video.id)
      ? videos.map((one) => (one.id === video.id ? video : one))
      : videos,
  );
}

export function removeVideo(pages: Pages, videoId: number): Pages {
  return mapPages(pages, (videos) =>
    videos.some(({ id }) => id === videoId) ? videos.filter(({ id }) => id !== videoId) : videos,
  );
}

function mapPages(pages: Pages, change: (videos: readonly Video[]) => readonly Video[]): Pages {
  return new Map([...pages].map(([page, videos]) => [page, change(videos)]));
}

/** Responses are plain data with a fixed key order. */
function isSame(one: Video, other: Video): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
