import type { RetentionJobName } from '@reelmill/shared/contracts/retention.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { Op } from 'sequelize';
import type { Models } from '../db/models.ts';
import type { RetentionJobRow, RetentionSettings } from '../db/rows.ts';
import { wherePurgeIsDue } from './deletedVideos.ts';
import { whereSourceIsOld } from './oldSources.ts';

/** What one run may remove: so many items, or such a share of all of their kind, whichever is more. */
export interface RunLimits {
  items: number;
  percent: number;
}

/** How a job is kept from removing what nobody meant to be removed. */
export interface Plausibility {
  /** Null where no number is too large. */
  limits(config: ServerConfig): RunLimits | null;
  /** All things of the kind, those that are due and the others. */
  countAll(models: Models): Promise<number>;
  /** Those that are due at a time; left out where only a listing of the store tells. */
  countDue?(models: Models, config: ServerConfig, at: Date): Promise<number>;
  /** What decides how much is due: after one became smaller, the first run may remove a share only, however small. */
  settings(config: ServerConfig): RetentionSettings;
  /** Whether its deadlines stand still for as long as servers were away: whoever could still act could not do so. */
  waitsAfterOutage?: true;
  /** Whether a first run at all is like one after a smaller setting: the job is off until somebody asks for it. */
  isOptIn?: true;
}

const FEW = 10;
const ORPHANS_DAYS = 7;

const configured = ({ RETENTION_MAX_ITEMS, RETENTION_MAX_PERCENT }: ServerConfig): RunLimits => ({
  items: RETENTION_MAX_ITEMS,
  percent: RETENTION_MAX_PERCENT,
});
/** What a crash leaves now and then; more of it means that database and store do not belong together. */
const few = (config: ServerConfig): RunLimits => ({
  ...configured(config),
  items: Math.min(FEW, config.RETENTION_MAX_ITEMS),
});
/** Ordinary work brings many about at once; a number beyond that is still a sign that something is wrong. */
const many = (config: ServerConfig): RunLimits => ({
  items: 20 * config.RETENTION_MAX_ITEMS,
  percent: 5 * config.RETENTION_MAX_PERCENT,
});
const countVideos = (models: Models): Promise<number> => models.Video.count();

/** By whom it would hurt: creators lose work (uploads), a way back (sources), or what they have published (objects). */
export const PLAUSIBILITY: Readonly<Record<RetentionJobName, Plausibility>> = {
  // whoever begins many at once lets them expire at once: one user could stop it for everybody
  stale_uploads: {
    limits: many,
    countAll: (models) => models.Upload.count(),
    // those that were aborted lose nothing more
    async countDue(models, _config, at) {
      const open = await models.Upload.findAll({
        attributes: ['videoId'],
        where: { expiresAt: { [Op.lte]: at } },
      });
      return models.Video.count({ where: { id: open.map(({ videoId }) => videoId), status: 'uploading' } });
    },
    settings: ({ UPLOAD_TTL_HOURS }) => ({ UPLOAD_TTL_HOURS }),
  },
  // anybody can bring any number about, and what they put is of no use; a smaller limit may be a mistake
  late_uploads: {
    limits: () => null,
    countAll: (models) => models.Upload.count({ where: { partSizeBytes: null } }),
    settings: ({ MAX_UPLOAD_BYTES, QUOTA_BYTES = null }) => ({ MAX_UPLOAD_BYTES, QUOTA_BYTES }),
  },
  // somebody asked for each of them: at once, unless it is a great part of everything there is
  deleted_videos: {
    limits: many,
    countAll: countVideos,
    countDue: (models, _config, at) => models.Video.count({ where: wherePurgeIsDue(at) }),
    settings: () => ({}),
  },
  old_sources: {
    limits: configured,
    countAll: (models) => models.Video.count({ where: { status: 'online', deletedAt: null } }),
    async countDue(models, { RETAIN_SOURCES_DAYS: days }, at) {
      return days === undefined ? 0 : models.Video.count({ where: whereSourceIsOld(days, at) });
    },
    settings: ({ RETAIN_SOURCES_DAYS = null }) => ({ RETAIN_SOURCES_DAYS }),
    isOptIn: true,
    waitsAfterOutage: true,
  },
  // a farm that was without its store for hours has lost attempts of every video
  leftovers: { limits: many, countAll: countVideos, settings: () => ({}) },
  stray_uploads: { limits: few, countAll: (models) => models.Upload.count(), settings: () => ({}) },
  orphans: {
    limits: few,
    countAll: countVideos,
    settings: ({ RETAIN_ORPHANS_DAYS = ORPHANS_DAYS }) => ({ RETAIN_ORPHANS_DAYS }),
    waitsAfterOutage: true,
  },
};

/** What holds for a run; null where no number is too large. After a smaller setting nothing is too little to be a mistake. */
export function limitsOf(
  { limits }: Pick<Plausibility, 'limits'>,
  config: ServerConfig,
  isStrict: boolean,
): RunLimits | null {
  return isStrict ? { items: 0, percent: config.RETENTION_MAX_PERCENT } : limits(config);
}

/** How many items of `all` a run may remove. */
export function maxItems({ items, percent }: RunLimits, all: number): number {
  return Math.max(items, Math.floor((all * percent) / 100));
}

/** Whether the settings ask for more to be removed than those that a run went by before. */
export function asksForMore(
  { isOptIn }: Pick<Plausibility, 'isOptIn'>,
  { settings: before, finishedAt }: Pick<RetentionJobRow, 'settings' | 'finishedAt'>,
  now: RetentionSettings,
): boolean {
  // a version that kept no settings went by these for all that is known
  if (before === null) return isOptIn === true && finishedAt === null;
  return Object.entries(now).some(([name, value]) => (value ?? Infinity) < (before[name] ?? Infinity));
}
