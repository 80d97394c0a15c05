import type { VideoStatus } from '@reelmill/shared/contracts/videos.ts';
import type { IpcArgs } from '../../contracts/ipc.ts';

/** In the order in which they are offered. */
export const STATUS_FILTERS = ['all', 'online', 'transcoding', 'uploading', 'failed', 'canceled'] as const;
export type StatusFilter = (typeof STATUS_FILTERS)[number];

export const SORTS = ['newest', 'oldest', 'title'] as const;
export type Sort = (typeof SORTS)[number];

/** Which videos are shown, and in which order. */
export interface LibraryQuery {
  search: string;
  status: StatusFilter;
  sort: Sort;
}

export const EVERYTHING: LibraryQuery = { search: '', status: 'all', sort: 'newest' };

/** Whether it leaves videos out. */
export function isNarrowed({ search, status }: LibraryQuery): boolean {
  return search !== '' || status !== 'all';
}

export function isSameQuery(one: LibraryQuery, other: LibraryQuery): boolean {
  return one.search === other.search && one.status === other.status && one.sort === other.sort;
}

/** What the API is asked for one page. */
export function listArgs(
  { search, status, sort }: LibraryQuery,
  page: { limit: number; offset: number },
): IpcArgs<'library.list'> {
  const given: { search?: string; status?: VideoStatus } = {};
  if (search !== '') given.search = search;
  if (status !== 'all') given.status = status;
  return { ...page, sort, ...given };
}
