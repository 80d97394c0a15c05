import type { Logger } from './logger.ts';
import type { Tracing, TracingConfig } from './spans.ts';

/*
 * OpenTelemetry traces, where an endpoint for them is configured. Nothing of OpenTelemetry is loaded otherwise, and a
 * span only runs its work. There is one tracing in a process, as there is in OpenTelemetry itself.
 */

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

/** Returns the trace context of the current span as a field of a message; no field while there are no traces. */
export function currentTraceContext(): { traceparent?: string } {
  const traceparent = current.traceparent();
  return traceparent === null ? {} : { traceparent };
}

/** Starts tracing where an endpoint is configured. The configuration may override the name of `service`. */
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
