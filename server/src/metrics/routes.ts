import { BlockList, isIPv6 } from 'node:net';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Request } from 'express';
import type { ServerContext } from '../context/serverContext.ts';
import { hasMetricsToken } from '../http/metricsToken.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { createFactsCollector } from './collectFacts.ts';

/** What Prometheus scrapes. */
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
        'Answers whoever has the `METRICS_TOKEN` of the configuration as its bearer; without one, this machine only.',
      auth: 'none',
      errors: ['unauthorized', 'forbidden'],
      answer: { status: 200, description: 'Metrics', contentType: 'text/plain' },
      async handle({ request, response }) {
        admitScraper(request, context.config.METRICS_TOKEN);
        const { contentType, text } = await context.metrics.render(await collectFacts());
        response.setHeader('Content-Type', contentType);
        response.send(text);
      },
    }),
  ];
}

/** Metrics tell how busy a farm is, and that is nobody else's business. Throws `unauthorized` or `forbidden`. */
function admitScraper(request: Request, token: string | undefined): void {
  if (token === undefined) {
    if (isFromHere(request)) return;
    throw new ReelmillError('forbidden', 'Metrics are for this machine only, unless METRICS_TOKEN is set.');
  }
  if (!hasMetricsToken(request, token)) {
    throw new ReelmillError('unauthorized', 'Metrics need the METRICS_TOKEN of this server.');
  }
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** A reverse proxy of this machine asks for somebody else, and says so. */
function isFromHere(request: Request): boolean {
  const address = request.socket.remoteAddress ?? '';
  const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip'].some((name) => name in request.headers);
  return !forwarded && loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
