import { BlockList, isIPv6 } from 'node:net';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Request } from 'express';
import type { ServerContext } from '../context/serverContext.ts';
import { hasMetricsToken } from '../http/metricsToken.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { createFactsCollector } from './collectFacts.ts';

/** The endpoint for Prometheus. */
export function createMetricsRoutes(context: ServerContext): Route[] {
  const collectFacts = createFactsCollector(context);
  return [
    defineRoute({
      method: 'get',
      path: '/metrics',
      root: true,
      tag: 'Operation',
      summary: 'Metrics for Prometheus',
      description:
        'Requires the configured `METRICS_TOKEN` as bearer token; without one, only requests from this machine are allowed.',
      auth: 'none',
      errors: ['unauthorized', 'forbidden'],
      response: { status: 200, description: 'Metrics', contentType: 'text/plain' },
      async handle({ request, response }) {
        assertMayScrape(request, context.config.METRICS_TOKEN);
        const { contentType, text } = await context.metrics.render(await collectFacts());
        response.setHeader('Content-Type', contentType);
        response.send(text);
      },
    }),
  ];
}

/** Metrics are not public: they show the load of the farm. Throws `unauthorized` or `forbidden`. */
function assertMayScrape(request: Request, token: string | undefined): void {
  if (token === undefined) {
    if (isLocal(request)) return;
    throw new ReelmillError(
      'forbidden',
      'Metrics are available only to this machine unless METRICS_TOKEN is set.',
    );
  }
  if (!hasMetricsToken(request, token)) {
    throw new ReelmillError('unauthorized', 'Metrics require the METRICS_TOKEN of this server.');
  }
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a request comes from this machine, and not through a reverse proxy on it. */
function isLocal(request: Request): boolean {
  const address = request.socket.remoteAddress ?? '';
  const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip'].some((name) => name in request.headers);
  return !forwarded && loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
