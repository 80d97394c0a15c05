import { startMediaStore } from '../support/mediaStore.ts';
import { checkSource, type SourceReport } from './checkSource.ts';
import { drawRecipe } from './recipe.ts';

export interface SoakOptions {
  seeds: readonly number[];
  /** No source begins later. */
  minutes?: number;
  /** How many at a time, each with a store of its own. */
  lanes: number;
  onReport(report: SourceReport): void;
}

/** What a soak comes to, as it is printed. */
export interface SoakFigures {
  sources: number;
  seconds_of_film: number;
  published: number;
  /** By code. */
  refused: Record<string, number>;
  notices: Record<string, number>;
  sources_with_findings: number;
  findings_by_kind: Record<string, number>;
  seconds_taken: number;
}

export async function runSoak({
  seeds,
  minutes = Number.POSITIVE_INFINITY,
  lanes,
  onReport,
}: SoakOptions): Promise<SoakFigures> {
  const begun = performance.now();
  const reports: SourceReport[] = [];
  const waiting = seeds.values();
  const lane = async (): Promise<void> => {
    const media = await startMediaStore();
    try {
      for (const seed of waiting) {
        if (performance.now() - begun > minutes * 60_000) return;
        const report = await checkSeed(seed, media);
        reports.push(report);
        onReport(report);
      }
    } finally {
      await media.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, seeds.length) }, lane));
  return figuresOf(reports, (performance.now() - begun) / 1000);
}

/** Says which source it was where the check itself fails. */
async function checkSeed(seed: number, media: Parameters<typeof checkSource>[0]): Promise<SourceReport> {
  const recipe = drawRecipe(seed);
  try {
    return await checkSource(media, recipe);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return {
      recipe,
      outcome: 'not checked',
      seconds: 0,
      notices: [],
      findings: [{ kind: 'check failed', what }],
    };
  }
}

function figuresOf(reports: readonly SourceReport[], secondsTaken: number): SoakFigures {
  const refused = reports.filter(({ outcome }) => outcome !== 'published');
  return {
    sources: reports.length,
    seconds_of_film: Math.round(reports.reduce((sum, { seconds }) => sum + seconds, 0)),
    published: reports.length - refused.length,
    refused: count(refused.map(({ outcome }) => outcome)),
    notices: count(reports.flatMap(({ notices }) => notices)),
    sources_with_findings: reports.filter(({ findings }) => findings.length > 0).length,
    findings_by_kind: count(reports.flatMap(({ findings }) => findings.map(({ kind }) => kind))),
    seconds_taken: Math.round(secondsTaken),
  };
}

function count(names: readonly string[]): Record<string, number> {
  const counted = Object.entries(Object.groupBy(names, (name) => name)).map(
    ([name, all]) => [name, all?.length ?? 0] as const,
  );
  return Object.fromEntries(counted.toSorted(([, a], [, b]) => b - a));
}
