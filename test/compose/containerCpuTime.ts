import type { ComposeFarm } from './composeFarm.ts';

/** Nanoseconds that everything in a container has used so far, under cgroup v2 or v1. */
const READ_NANOSECONDS =
  'if [ -e /sys/fs/cgroup/cpu.stat ]; then awk \'$1 == "usage_usec" { print $2 "000" }\' /sys/fs/cgroup/cpu.stat; ' +
  'else cat /sys/fs/cgroup/cpuacct/cpuacct.usage; fi';

/** Seconds on all cores that the containers of each service have used so far, health checks too. */
export async function readContainersCpuSeconds(
  farm: ComposeFarm,
  services: readonly string[],
): Promise<Map<string, number>> {
  const used = new Map<string, number>();
  for (const service of services) {
    for (const container of await farm.containers(service)) {
      const nanoseconds = Number(await farm.exec(container, ['sh', '-c', READ_NANOSECONDS]));
      used.set(service, (used.get(service) ?? 0) + nanoseconds / 1e9);
    }
  }
  return used;
}
