export type SpanAttributes = Record<string, string | number | boolean | null>;

export interface SpanOptions {
  /** What OpenTelemetry calls a span's kind; `internal` by default. */
  kind?: 'internal' | 'server' | 'producer' | 'consumer';
  /** The W3C `traceparent` of what caused the work, where that came from another process; the current span otherwise. */
  parent?: string | null | undefined;
  attributes?: SpanAttributes;
}

/** Runs `work` as one span; `note` adds to its attributes. Throws what `work` throws, and records it in the span. */
export type RunSpan = <T>(
  name: string,
  options: SpanOptions,
  work: (note: (attributes: SpanAttributes) => void) => Promise<T>,
) => Promise<T>;

export interface Tracing {
  span: RunSpan;
  /** The W3C `traceparent` of the span that the caller works in; null outside any span. */
  traceparent(): string | null;
  /** Flushes the remaining spans, for a few seconds at most. Never rejects. */
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
