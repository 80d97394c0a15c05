import type { UploadSnapshot, UploadState } from '../../../contracts/desktop.ts';

export const GROUPS = ['active', 'attention', 'finished'] as const;
/** Every upload is in exactly one of them. */
export type Group = (typeof GROUPS)[number];

export const FILTERS = ['all', ...GROUPS] as const;
export type Filter = (typeof FILTERS)[number];

const GROUP_OF: Record<UploadState, Group> = {
  waiting: 'active',
  fingerprinting: 'active',
  uploading: 'active',
  completing: 'active',
  processing: 'active',
  paused: 'active',
  failed: 'attention',
  online: 'finished',
  canceled: 'finished',
};

export function groupOf({ state }: Pick<UploadSnapshot, 'state'>): Group {
  return GROUP_OF[state];
}
