import type { Metrics } from '../../server/src/telemetry/metrics.ts';

/** One line of the exposition format, without the histograms' buckets. */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export function parseMetrics(text: string): Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text]);
      return { name, labels: Object.fromEntries(pairs), value: Number(value) };
    });
}

/** The sum of a metric over all its series that have these labels; null where there is none. */
export function sumOf(
  samples: readonly Sample[],
  name: string,
  labels: Record<string, string> = {},
): number | null {
  const fitting = samples.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  return fitting.length === 0 ? null : fitting.reduce((sum, { value }) => sum + value, 0);
}

/** What servers counted themselves, as Prometheus would have it of all of them together. */
export async function readCounters(...servers: Metrics[]): Promise<Sample[]> {
  const nothing = { up: {}, degraded: {}, counts: null, queue: null, space: null };
  const texts = await Promise.all(servers.map((metrics) => metrics.render(nothing)));
  return texts.flatMap(({ text }) => parseMetrics(text));
}
