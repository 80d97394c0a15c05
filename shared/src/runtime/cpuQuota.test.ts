import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCpuQuota, roundQuota } from './cpuQuota.ts';

const CONTAINER = '3f9d0a1c5b7e';
/** `/proc/self/cgroup` in a container of Docker 20.10 on a host with version 1 groups (and an empty version 2). */
const V1_MEMBERSHIP = `9:name=systemd:/docker/${CONTAINER}
5:devices:/docker/${CONTAINER}
4:memory:/docker/${CONTAINER}
3:cpuset:/docker/${CONTAINER}
2:cpuacct:/docker/${CONTAINER}
1:cpu:/docker/${CONTAINER}
0::/system.slice/containerd.service
`;

function readerOf(files: Record<string, string>): (file: string) => string {
  return (file) => {
    const text = files[file];
    if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${file}'`);
    return text;
  };
}

test('version 1, in a container: the quota lies at the root of what is mounted', () => {
  const quotaOf = (quota: string) =>
    readCpuQuota(
      readerOf({
        '/proc/self/cgroup': V1_MEMBERSHIP,
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': `${quota}\n`,
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      }),
    );
  assert.equal(quotaOf('50000'), 0.5);
  assert.equal(quotaOf('400000'), 4);
  assert.equal(quotaOf('-1'), null);
});

test('version 1, controllers mounted together: as systemd and Kubernetes have it', () => {
  const group = '/kubepods/burstable/pod7d0c/4e1b';
  assert.equal(
    readCpuQuota(
      readerOf({
        '/proc/self/cgroup': `11:cpu,cpuacct:${group}\n1:name=systemd:${group}\n`,
        [`/sys/fs/cgroup/cpu,cpuacct${group}/cpu.cfs_quota_us`]: '250000\n',
        [`/sys/fs/cgroup/cpu,cpuacct${group}/cpu.cfs_period_us`]: '100000\n',
      }),
    ),
    2.5,
  );
});

test('version 2, in a container: its group is the root', () => {
  const quotaOf = (cpuMax: string) =>
    readCpuQuota(readerOf({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': cpuMax }));
  assert.equal(quotaOf('150000 100000\n'), 1.5);
  assert.equal(quotaOf('max 100000\n'), null);
});

test('version 2: the tightest of all the groups above binds', () => {
  assert.equal(
    readCpuQuota(
      readerOf({
        '/proc/self/cgroup': '0::/reelmill.slice/worker@1.service\n',
        '/sys/fs/cgroup/reelmill.slice/worker@1.service/cpu.max': '300000 100000\n',
        '/sys/fs/cgroup/reelmill.slice/cpu.max': '200000 100000\n',
      }),
    ),
    2,
  );
});

test('without control groups, or with nonsense in their files, there is no quota', () => {
  assert.equal(readCpuQuota(readerOf({})), null);
  assert.equal(readCpuQuota(readerOf({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '' })), null);
  assert.equal(
    readCpuQuota(readerOf({ '/proc/self/cgroup': 'gibberish', '/sys/fs/cgroup/cpu.max': '1 1' })),
    null,
  );
});

test('half a core is one thread, one and a half are two, and no more than the machine has', () => {
  assert.deepEqual(
    [0.5, 1, 1.5, 4, 64].map((quota) => roundQuota(quota, 8)),
    [1, 1, 2, 4, 8],
  );
});
