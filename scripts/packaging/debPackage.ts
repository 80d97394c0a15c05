#!/usr/bin/env node
/**
 * Makes a Debian package with Debian's own `dpkg-deb`. electron-builder runs it in place of fpm, which it would
 * download, so it takes the options of fpm that electron-builder gives, and no others.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { type ParseArgsOptionsConfig, parseArgs, promisify } from 'node:util';

const run = promisify(execFile);
const one = { type: 'string' } as const;
const OPTIONS = {
  'input-type': { ...one, short: 's' },
  'output-type': { ...one, short: 't' },
  depends: { ...one, short: 'd', multiple: true, default: [] },
  'deb-recommends': { ...one, multiple: true, default: [] },
  'deb-compression': { ...one, default: 'xz' },
  'deb-priority': { ...one, default: 'optional' },
  'after-install': one,
  'after-remove': one,
  architecture: { ...one, default: 'all' },
  category: { ...one, default: 'misc' },
  description: { ...one, default: '' },
  force: { type: 'boolean' },
  iteration: one,
  license: one,
  maintainer: { ...one, default: '' },
  name: { ...one, default: '' },
  package: { ...one, default: '' },
  url: one,
  vendor: one,
  version: { ...one, default: '' },
} satisfies ParseArgsOptionsConfig;

type Wanted = ReturnType<typeof readOptions>;

/** `files` are pairs of what is on this disk and where it goes; a folder gives its contents. */
function readOptions(args: readonly string[]) {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  if (values['input-type'] !== 'dir' || values['output-type'] !== 'deb') {
    throw new Error('only Debian packages of files and folders can be made');
  }
  const files = positionals.map((pair) => {
    const at = pair.lastIndexOf('=');
    if (at < 1) throw new Error(`not a file and its place: ${pair}`);
    return { from: pair.slice(0, at), to: pair.slice(at + 1) };
  });
  return { ...values, files };
}

/** Builds the package that fpm's options describe; throws what `dpkg-deb` complains about. */
export async function makeDebPackage(args: readonly string[]): Promise<void> {
  const wanted = readOptions(args);
  const stage = await mkdtemp(path.join(tmpdir(), 'reelmill-deb-'));
  try {
    await chmod(stage, 0o755);
    for (const { from, to } of wanted.files) await place(from, path.join(stage, to));
    const { sums, bytes } = await surveyFiles(stage);
    const control = path.join(stage, 'DEBIAN');
    await mkdir(control, { mode: 0o755 });
    await writeFile(path.join(control, 'control'), formatControlFile(wanted, bytes));
    await writeFile(path.join(control, 'md5sums'), sums);
    await placeScript(wanted['after-install'], path.join(control, 'postinst'));
    await placeScript(wanted['after-remove'], path.join(control, 'postrm'));
    const pack = ['--root-owner-group', `-Z${wanted['deb-compression']}`, '--build', stage, wanted.package];
    await run('dpkg-deb', pack);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

function formatControlFile(wanted: Wanted, bytes: number): string {
  const { version, iteration } = wanted;
  const fields: Record<string, string | undefined> = {
    Package: wanted.name,
    Version: iteration === undefined ? version : `${version}-${iteration}`,
    License: wanted.license,
    Vendor: wanted.vendor,
    Architecture: wanted.architecture,
    Maintainer: wanted.maintainer,
    'Installed-Size': String(Math.ceil(bytes / 1024)),
    Depends: wanted.depends.join(', '),
    Recommends: wanted['deb-recommends'].join(', '),
    Section: wanted.category,
    Priority: wanted['deb-priority'],
    Homepage: wanted.url,
    Description: formatDescription(wanted.description),
  };
  const lines = Object.entries(fields).flatMap(([name, value]) => (value ? [`${name}: ${value}`] : []));
  return `${lines.join('\n')}\n`;
}

/** The first line is the summary; the others are indented, and an empty one is a dot. */
function formatDescription(text: string): string {
  const [summary = '', ...rest] = text.split('\n').map((line) => line.trim());
  return [summary, ...rest.map((line) => ` ${line || '.'}`)].join('\n');
}

async function place(from: string, to: string): Promise<void> {
  const source = from.endsWith('/') ? from.slice(0, -1) : from;
  await mkdir(path.dirname(to), { recursive: true, mode: 0o755 });
  await cp(source, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  if (!(await stat(source)).isDirectory()) await chmod(to, 0o644);
}

async function placeScript(from: string | undefined, to: string): Promise<void> {
  if (from === undefined) return;
  await cp(from, to);
  await chmod(to, 0o755);
}

/** The checksums of all files as `md5sums` lists them, and how large they are together. */
async function surveyFiles(stage: string): Promise<{ sums: string; bytes: number }> {
  let sums = '';
  let bytes = 0;
  for (const name of (await readdir(stage, { recursive: true })).sort()) {
    const found = await lstat(path.join(stage, name));
    if (!found.isFile()) continue;
    const hash = createHash('md5');
    await pipeline(createReadStream(path.join(stage, name)), hash);
    sums += `${hash.digest('hex')}  ${name}\n`;
    bytes += found.size;
  }
  return { sums, bytes };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await makeDebPackage(process.argv.slice(2));
