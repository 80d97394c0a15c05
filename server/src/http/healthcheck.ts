import { readServerConfig } from '@reelmill/shared/runtime/config.ts';

/** What a container's health check runs: exits 0 while the server of this environment is ready. */
const { PORT } = readServerConfig(process.env);
const answer = await fetch(`http://127.0.0.1:${PORT}/readyz`, { signal: AbortSignal.timeout(4_000) }).catch(
  () => null,
);
process.exitCode = answer?.ok ? 0 : 1;
