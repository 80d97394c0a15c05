import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { makeDebPackage } from '../../scripts/packaging/debPackage.ts';
import { makeTemporaryFolder } from '../support/processes.ts';

const run = promisify(execFile);
const skip = existsSync('/usr/bin/dpkg-deb') ? false : 'only where dpkg-deb is';

test('a Debian package has the files, scripts and fields that electron-builder asks for', {
  skip,
}, async () => {
  const folder = await makeTemporaryFolder('deb');
  try {
    const at = (name: string): string => path.join(folder.path, name);
    await mkdir(at('app/locales'), { recursive: true });
    await writeFile(at('app/program'), '#!/bin/sh\n');
    await chmod(at('app/program'), 0o755);
    await writeFile(at('app/locales/en.pak'), 'words');
    await symlink('program', at('app/alias'));
    await writeFile(at('entry.desktop'), '[Desktop Entry]\n');
    await writeFile(at('installed.sh'), '#!/bin/sh\necho installed\n', { mode: 0o600 });

    await makeDebPackage([
      ...['-s', 'dir', '--force', '-t', 'deb', '-d', 'libgtk-3-0', '-d', 'libnss3'],
      ...['--deb-recommends', 'recommended', '--deb-compression', 'gzip', '--architecture', 'amd64'],
      ...['--after-install', at('installed.sh'), '--description', 'In short\n In words\n\n and more'],
      ...['--version', '1.2.3~beta', '--package', at('made.deb'), '--name', 'thing', '--license', 'MIT'],
      ...['--maintainer', 'Somebody <somebody@example.org>', '--url', 'https://example.org'],
      ...[`${at('app')}/=/opt/Thing`, `${at('entry.desktop')}=/usr/share/applications/thing.desktop`],
    ]);

    const { stdout: control } = await run('dpkg-deb', ['--field', at('made.deb')]);
    assert.match(control, /^Package: thing\nVersion: 1\.2\.3~beta\nLicense: MIT\nArchitecture: amd64\n/);
    assert.match(control, /^Depends: libgtk-3-0, libnss3$/m);
    assert.match(control, /^Recommends: recommended$/m);
    assert.match(control, /^Description: In short\n In words\n \.\n and more$/m);
    const { stdout: contents } = await run('dpkg-deb', ['--contents', at('made.deb')]);
    assert.match(contents, /^-rwxr-xr-x root\/root .* \.\/opt\/Thing\/program$/m);
    assert.match(contents, /^lrwxrwxrwx root\/root .* \.\/opt\/Thing\/alias -> program$/m);
    assert.match(contents, /^-rw-r--r-- root\/root .* \.\/usr\/share\/applications\/thing\.desktop$/m);
    await run('dpkg-deb', ['--raw-extract', at('made.deb'), at('out')]);
    assert.equal(await readFile(at('out/opt/Thing/locales/en.pak'), 'utf8'), 'words');
    assert.equal((await stat(at('out/DEBIAN/postinst'))).mode & 0o777, 0o755);
    await run('md5sum', ['--check', '--strict', 'DEBIAN/md5sums'], { cwd: at('out') });
  } finally {
    await folder.remove();
  }
});

test('what no Debian package can be made of is refused', async () => {
  await assert.rejects(makeDebPackage(['-s', 'dir', '-t', 'rpm']), /only Debian packages/);
  await assert.rejects(makeDebPackage(['-s', 'dir', '-t', 'deb', '--unknown', 'x']), /unknown/i);
});
