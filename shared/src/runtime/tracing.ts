import type { Logger } from './logger.ts';

/*
 * Traces of OpenTelemetry, where an endpoint for them is configured. Nothing of OpenTelemetry is loaded otherwise, and a
 * span is no more than its work. There is one tracing in a process, as there is in OpenTelemetry itself.
 */

export type SpanAttributes = Record<string, string | number | boolean | null>;

export interface SpanOptions {
  /** What OpenTelemetry calls a span's kind; `internal` unless told otherwise. */
  kind?: 'internal' | 'server' | 'producer' | 'consumer';
  /** The W3C `traceparent` of what caused the work, where that came from another process; the current span otherwise. */
  parent?: string | null | undefined;
  attributes?: SpanAttributes;
}

/** Does `work` as one span; `note` adds to its attributes. What `work` throws is thrown, and noted. */
export type RunSpan = <T>(
  name: string,
  options: SpanOptions,
  work: (note: (attributes: SpanAttributes) => void) => Promise<T>,
) => Promise<T>;

export interface Tracing {
  span: RunSpan;
  /** The W3C `traceparent` of the span that the caller works in; null outside of any. */
  traceparent(): string | null;
  /** Sends what is not sent yet, for a few seconds at most. Never rejects. */
  stop(): Promise<void>;
}

export interface TracingConfig {
  OTEL_SDK_DISABLED: boolean;
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string | undefined;
  OTEL_SERVICE_NAME?: string | undefined;
  OTEL_TRACES_SAMPLER: string;
  OTEL_TRACES_SAMPLER_ARG: number;
}

const off: Tracing = {
  span: (_name, _options, work) => work(() => undefined),
  traceparent: () => null,
  stop: async () => undefined,
};
let current = off;

export const tracing: Pick<Tracing, 'span' | 'traceparent'> = {
  span: (name, options, work) => current.span(name, options, work),
  traceparent: () => current.traceparent(),
};

/** What a message carries of the span that it is sent in: nothing while there are no traces. */
export function carryTrace(): { traceparent?: string } {
  const traceparent = current.traceparent();
  return traceparent === null ? {} : { traceparent };
}

/** Begins tracing where the configuration wants it. `service` is how the process is called unless it says otherwise. */
export async function startTracing(
  config: TracingConfig,
  service: { name: string; version: string; logger: Logger },
): Promise<Pick<Tracing, 'stop'>> {
  const url =
    config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ??
    (config.OTEL_EXPORTER_OTLP_ENDPOINT && `${config.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces`);
  if (config.OTEL_SDK_DISABLED || !url) return off;
  const { createTracing } = await import('./openTelemetry.ts');
  const started = createTracing({ ...config, url, service });
  current = started;
  return {
    stop: async () => {
      current = off;
      await started.stop();
    },
  };
}
