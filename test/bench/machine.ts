import { execFile } from 'node:child_process';
import { arch, availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';

/** What the figures depend on besides the project, a line each. */
export async function describeMachine(): Promise<string[]> {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const gibibytes = (totalmem() / 1024 ** 3).toFixed(1);
  const versions = [`Node ${process.versions.node}`, await versionOf('ffmpeg', ['-version'])];
  return [
    `${availableParallelism()} cores (${model}, ${arch()}), ${gibibytes} GiB, ${type()} ${release()}`,
    versions.join(', '),
    describeLoad(),
  ];
}

/** Others at work on the machine spoil every figure, so the load before each bench is part of it. */
export function describeLoad(): string {
  const [minute = 0, , quarter = 0] = loadavg();
  return `load ${minute.toFixed(2)} in the last minute, ${quarter.toFixed(2)} in the last quarter of an hour`;
}

async function versionOf(program: string, args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args);
  return stdout.split('\n')[0]?.replace(/ Copyright.*/, '') ?? program;
}
