import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';

/** Where the kernel shows control groups: each version 1 controller in a folder of its own, version 2 all in one. */
const ROOT = '/sys/fs/cgroup';
const V1_FOLDERS = ['cpu', 'cpu,cpuacct', 'cpuacct,cpu'];

/**
 * How many threads can be busy at once: the CPUs of this process, or, where its container or a group above it has a CPU
 * quota, what that comes to. A part of a CPU counts as one, so that none of the quota lies idle.
 */
export function countUsableCpus(): number {
  const quota = readCpuQuota((file) => readFileSync(file, 'utf8'));
  return quota === null ? availableParallelism() : roundQuota(quota, cpus().length);
}

/** Threads for a quota on a machine with so many CPUs: a quota may be larger than the machine. */
export function roundQuota(quota: number, machineCpus: number): number {
  return Math.max(1, Math.min(Math.ceil(quota), machineCpus));
}

/**
 * The smallest CPU quota that binds this process, in CPUs (0.5 is half of one), or null where there is none.
 * `read` returns a file's text and throws where there is no such file.
 */
export function readCpuQuota(read: (file: string) => string): number | null {
  const quotas = groupFolders(attempt(read, '/proc/self/cgroup')).flatMap((folder) => {
    const quota = v2Quota(attempt(read, path.join(folder, 'cpu.max'))) ?? v1Quota(read, folder);
    return quota === null ? [] : [quota];
  });
  return quotas.length === 0 ? null : Math.min(...quotas);
}

/**
 * The folders of the process's own groups and of every group above. Inside a container `/proc/self/cgroup` may still
 * name the group as the host sees it, while the container's own lies at the root of what is mounted.
 */
function groupFolders(membership: string): string[] {
  return membership.split('\n').flatMap((line) => {
    const [, controllers, group] = line.match(/^\d+:([^:]*):(\/.*)$/) ?? [];
    if (controllers === undefined || group === undefined) return [];
    const bases = controllers === '' ? [ROOT] : v1Bases(controllers);
    return bases.flatMap((base) => ancestors(group).map((one) => path.join(base, one)));
  });
}

function v1Bases(controllers: string): string[] {
  return controllers.split(',').includes('cpu') ? V1_FOLDERS.map((folder) => path.join(ROOT, folder)) : [];
}

/** `/a/b` is in `/a/b`, `/a` and `/`. */
function ancestors(group: string): string[] {
  const parent = path.dirname(group);
  return parent === group ? [group] : [group, ...ancestors(parent)];
}

/** `cpu.max` holds `QUOTA PERIOD` in microseconds, or `max PERIOD`. */
function v2Quota(text: string): number | null {
  const [quota, period] = text.trim().split(' ');
  return toCpus(quota, period);
}

/** A quota of -1 is none. */
function v1Quota(read: (file: string) => string, folder: string): number | null {
  return toCpus(
    attempt(read, path.join(folder, 'cpu.cfs_quota_us')).trim(),
    attempt(read, path.join(folder, 'cpu.cfs_period_us')).trim(),
  );
}

function toCpus(quota = '', period = ''): number | null {
  const count = Number(quota) / Number(period);
  return quota !== '' && Number.isFinite(count) && count > 0 ? count : null;
}

function attempt(read: (file: string) => string, file: string): string {
  try {
    return read(file);
  } catch {
    return '';
  }
}
