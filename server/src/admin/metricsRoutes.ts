import { farmStateOf } from '@reelmill/shared/core/workerHealth.ts';
import type { ServerContext } from '../http/context.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { readDepth } from './farm.ts';
import { countTasks, findWorkers } from './farmRepository.ts';
import type { Metrics } from './metrics.ts';

/** What Prometheus scrapes. */
export function createMetricsRoutes(context: ServerContext, metrics: Metrics): Route[] {
  const { models } = context.database;
  return [
    defineRoute({
      method: 'get',
      path: '/metrics',
      root: true,
      tag: 'Operation',
      summary: 'Metrics for Prometheus',
      auth: 'none',
      answer: { status: 200, description: 'Metrics', contentType: 'text/plain' },
      async handle({ response }) {
        const now = new Date();
        const [tasks, workers, queue] = await Promise.all([
          countTasks(models),
          findWorkers(models, now),
          readDepth(context),
        ]);
        const byState = Object.groupBy(workers, (worker) => farmStateOf(worker, now));
        const counts = Object.entries(byState).map(([state, list]) => [state, list.length] as const);
        metrics.observeFarm({ tasks, workers: Object.fromEntries(counts), queue });
        const { contentType, text } = await metrics.render();
        response.setHeader('Content-Type', contentType);
        response.send(text);
      },
    }),
  ];
}
