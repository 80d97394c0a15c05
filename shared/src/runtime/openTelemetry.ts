import {
  context,
  DiagLogLevel,
  diag,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { ReelmillError } from './errors.ts';
import type { Logger } from './logger.ts';
import type { SpanAttributes, SpanOptions, Tracing, TracingConfig } from './spans.ts';
import { withTimeout } from './timeout.ts';

// Loaded by tracing.ts alone, and only where traces are wanted.

const STOP_MS = 3_000;
const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const satisfies Record<NonNullable<SpanOptions['kind']>, SpanKind>;

export interface TracingOptions extends TracingConfig {
  /** Where spans go by OTLP/HTTP; headers, certificates and time limits come from the standard variables. */
  url: string;
  service: { name: string; version: string; logger: Logger };
}

/** Spans that go to a collector in batches, with the context that follows asynchronous work. */
export function createTracing(options: TracingOptions): Tracing {
  const { service, url } = options;
  const { logger } = service;
  diag.setLogger(diagnosticsTo(logger), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const contexts = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(contexts);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.OTEL_SERVICE_NAME ?? service.name,
      'service.version': service.version,
    }).merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerOf(options.OTEL_TRACES_SAMPLER, options.OTEL_TRACES_SAMPLER_ARG),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })],
  });
  const tracer = provider.getTracer('reelmill', service.version);
  return {
    span(name, { kind = 'internal', parent, attributes = {} }, work) {
      const from = parent ? propagation.extract(ROOT_CONTEXT, { traceparent: parent }) : context.active();
      return tracer.startActiveSpan(
        name,
        { kind: KINDS[kind], attributes: known(attributes) },
        from,
        async (span) => {
          try {
            return await work((more) => span.setAttributes(known(more)));
          } catch (error) {
            recordFailure(span, error);
            throw error;
          } finally {
            span.end();
          }
        },
      );
    },
    traceparent() {
      const carrier: { traceparent?: string } = {};
      propagation.inject(context.active(), carrier);
      return carrier.traceparent ?? null;
    },
    async stop() {
      await withTimeout(provider.shutdown(), STOP_MS, 'flushing the traces').catch((error: unknown) =>
        logger.warn({ err: error }, 'last traces not sent'),
      );
      for (const api of [context, propagation, trace, diag]) api.disable();
      contexts.disable();
    },
  };
}

/** The standard names of samplers; the configuration knows no others. */
function samplerOf(name: string, ratio: number): Sampler {
  const root = name.endsWith('always_off')
    ? new AlwaysOffSampler()
    : name.endsWith('traceidratio')
      ? new TraceIdRatioBasedSampler(ratio)
      : new AlwaysOnSampler();
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

/** A failure that a client or a file caused is a response, not a fault of the system. */
function recordFailure(span: Span, error: unknown): void {
  const code = error instanceof ReelmillError ? error.code : 'internal';
  span.setAttribute('error.type', code);
  if (error instanceof ReelmillError && error.status < 500) return;
  span.setStatus({ code: SpanStatusCode.ERROR, message: code });
}

function known(attributes: SpanAttributes): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}

function diagnosticsTo(logger: Logger) {
  const quiet = (): void => undefined;
  const log =
    (level: 'warn' | 'error') =>
    (message: string): void =>
      logger[level]({ reason: message }, 'OpenTelemetry');
  return { verbose: quiet, debug: quiet, info: quiet, warn: log('warn'), error: log('error') };
}
