import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launcherCommand, NO_STEPS, PERL, parseSteps } from './launcher.ts';
import { parseLibraries } from './programFiles.ts';

const files = {
  program: '/usr/bin/ffmpeg',
  executables: ['/usr/bin/ffmpeg', '/lib64/ld.so'],
  libraries: ['/etc/ld.so.cache', '/usr/lib/x'],
};

test('what the launcher found is read, whatever else it prints', () => {
  assert.deepEqual(parseSteps('landlock=7\nnamespace=root\nuid=65534\nprivileges=none\nseccomp=on\n'), {
    landlock: 7,
    namespace: 'root',
    uid: 65534,
    privileges: true,
    seccomp: true,
  });
  assert.deepEqual(parseSteps('landlock=0\nnamespace=other\n'), NO_STEPS);
});

test('every step is an option of the launcher, and nothing of the program is one', () => {
  const { file, args } = launcherCommand(
    { landlock: 3, namespace: 'user', uid: 65534, privileges: true, seccomp: true },
    {
      files,
      args: ['-i', 'seccomp=off'],
      workFolder: '/work/task-1',
      source: { port: 4000, socketPath: '/tmp/r/s' },
      memoryBytes: 1000,
    },
  );
  assert.equal(file, PERL);
  const end = args.indexOf('--');
  assert.deepEqual(args.slice(1, end), [
    `arch=${process.arch}`,
    `parent=${process.pid}`,
    'file=268435456',
    'files=256',
    'threads=4096',
    'memory=1000',
    'privileges=none',
    'uid=65534',
    'namespace=user',
    'landlock=3',
    'exec=/usr/bin/ffmpeg',
    'exec=/lib64/ld.so',
    'read=/etc/ld.so.cache',
    'read=/usr/lib/x',
    'device=/dev/null',
    'read=/dev/urandom',
    'work=/work/task-1',
    'port=4000',
    'relay=/tmp/r/s',
    'seccomp=on',
  ]);
  assert.deepEqual(args.slice(end + 1), ['/usr/bin/ffmpeg', '-i', 'seccomp=off']);
});

test('without steps only the limits are left', () => {
  const launch = { files, args: [], workFolder: null, source: null, memoryBytes: null };
  const { args } = launcherCommand(NO_STEPS, launch);
  assert.deepEqual(args.slice(2, -2), [
    `parent=${process.pid}`,
    'file=268435456',
    'files=256',
    'threads=4096',
  ]);
});

test('libraries are read off what the loader prints', () => {
  const list = [
    '\tlinux-vdso.so.1 (0x00007ffd6d9f2000)',
    '\tlibavdevice.so.59 => /lib/x86_64-linux-gnu/libavdevice.so.59 (0x00007f1c7d6d6000)',
    '\tlibmissing.so => not found',
    '\t/lib64/ld-linux-x86-64.so.2 (0x00007f1c7d75f000)',
  ].join('\n');
  assert.deepEqual(parseLibraries(list), [
    { file: '/lib/x86_64-linux-gnu/libavdevice.so.59', isLoader: false },
    { file: '/lib64/ld-linux-x86-64.so.2', isLoader: true },
  ]);
  assert.deepEqual(parseLibraries('ffmpeg version 7.1-static\nUsage: ffmpeg [options]'), []);
});
