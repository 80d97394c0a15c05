import type { RetentionJobName } from '@reelmill/shared/contracts/retention.ts';
import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { RetentionJobRow } from '../db/rows.ts';

export type RetentionContext = Pick<ServerContext, 'database' | 'store' | 'config' | 'logger' | 'signals'>;

/** One thing that may be removed. */
export interface Candidate {
  videoId: number;
  /** Its only object, or the first of them. Null where there is nothing to remove, and only a row to be brought up to date. */
  key: string | null;
  objects: number;
  sizeBytes: number;
  since: Date;
  /** For people. */
  reason: string;
  /**
   * Removes it, unless it has come into use since it was found. Safe to repeat and to do on two servers at once. Throws
   * where store or database do not respond.
   */
  remove(): Promise<void>;
}

/** What was found from one position on; `nextPosition` is null where that was all. */
export interface Page {
  candidates: Candidate[];
  nextPosition: number | null;
}

export interface Search {
  position: number;
  now: Date;
  /** An admin asks: also what is not due by its row. */
  everything?: boolean | undefined;
}

/** Something that is cleaned up from time to time. `find` changes nothing: it is all that a dry run does. */
export interface RetentionJob {
  name: RetentionJobName;
  description: string;
  /** How often a server looks whether it is due. */
  pollMs: number;
  /** The pause after a whole run; 0 for a job whose rows say themselves when they are due. */
  intervalMs: number;
  /** Whether `find` lists the store, which takes long, and does not read the database only. */
  listsStorage: boolean;
  /** Whether it runs by itself. */
  isScheduled(config: ServerConfig): boolean;
  /** One bounded page. */
  find(context: RetentionContext, search: Search): Promise<Page>;
}

/** Why a job removes nothing for now, with the settings that this was decided under. */
export type Stop = NonNullable<RetentionJobRow['stop']>;

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The last of a page of rows that are in order of their id, if the page is full. */
export function nextPositionAfter(rows: readonly { id: number }[], limit: number): number | null {
  return rows.length < limit ? null : (rows.at(-1)?.id ?? null);
}
