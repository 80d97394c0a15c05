import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface ObservedRequest {
  method: string;
  /** The route's pattern. */
  route: string;
  status: number;
  seconds: number;
}

/** The server's Prometheus metrics; each server in a process has a registry of its own. */
export interface Metrics {
  observeRequest(request: ObservedRequest): void;
  /** Sets the gauges of the farm; what is null is not known at the moment and left out. */
  observeFarm(farm: {
    tasks: Record<string, number>;
    workers: Record<string, number>;
    queue: { ready: number; consumers: number; deadLetters: number } | null;
  }): void;
  /** The exposition format, and its content type. */
  render(): Promise<{ contentType: string; text: string }>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Histogram({
    name: 'reelmill_http_request_seconds',
    help: 'Time to answer, by route',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10, 30],
    registers,
  });
  const tasks = new Gauge({
    name: 'reelmill_tasks',
    help: 'Tasks by state',
    labelNames: ['state'],
    registers,
  });
  const workers = new Gauge({
    name: 'reelmill_workers',
    help: 'Workers by state',
    labelNames: ['state'],
    registers,
  });
  const queue = new Gauge({
    name: 'reelmill_queue',
    help: 'Messages that are ready, consumers and dead letters',
    labelNames: ['what'],
    registers,
  });
  return {
    observeRequest: ({ method, route, status, seconds }) =>
      requests.observe({ method, route, status: String(status) }, seconds),
    observeFarm(farm) {
      for (const gauge of [tasks, workers, queue]) gauge.reset();
      for (const [state, count] of Object.entries(farm.tasks)) tasks.set({ state }, count);
      for (const [state, count] of Object.entries(farm.workers)) workers.set({ state }, count);
      for (const [what, count] of Object.entries(farm.queue ?? {})) queue.set({ what }, count);
    },
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
