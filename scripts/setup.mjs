#!/usr/bin/env node
// Installs what is missing. Plain JavaScript without dependencies: it runs before anything is installed, on Node 20.
//
//   node scripts/setup.mjs [--for=run|desktop|test|bench|compose]
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ELECTRON_PACKAGE, findElectron } from './electronRuntime.mjs';
import { CACHE_BIN, DEBIAN, GO, isInstalled, PURPOSES, PYTHON, SEARCH_PATH } from './setup/needs.mjs';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
/** The Node that the project is written for, whatever the machine has. */
export const NODE = path.join(ROOT, 'node_modules', '.bin', 'node');

const POLICY = '/usr/sbin/policy-rc.d';
const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;
const MAX_COMPLAINT_CHARACTERS = 8_192;

/** Something is missing that this program cannot install; the message says how to get it. */
export class SetupError extends Error {}

/**
 * Makes sure that the npm packages and programs for a purpose are there. Says nothing where nothing is missing.
 * What only the tests need may stay missing outside CI: the tests say what they leave out.
 *
 * @param {'run' | 'desktop' | 'test' | 'bench' | 'compose'} purpose
 */
export async function setUp(purpose) {
  if (!(purpose in PURPOSES))
    throw new SetupError(`unknown purpose: ${purpose} (${Object.keys(PURPOSES).join(', ')})`);
  if (!packagesAreInstalled()) await installPackages();
  const purposes = PURPOSES[purpose];
  const missing = purposes.flatMap((one) => DEBIAN[one]).filter(({ program }) => !isInstalled(program));
  if (missing.length > 0) await installFromDebian(missing);
  for (const tool of purposes.flatMap((one) => GO[one])) {
    if (!isInstalled(tool.program)) await buildWithGo(tool);
  }
  for (const tool of purposes.flatMap((one) => PYTHON[one])) {
    if (!isInstalled(tool.program)) await installWithPip(tool);
  }
  if (purposes.includes('desktop') && findElectron() === null) await downloadElectron(purpose);
}

function packagesAreInstalled() {
  const wanted = readLock(path.join(ROOT, 'package-lock.json'));
  const installed = readLock(path.join(ROOT, 'node_modules', '.package-lock.json'));
  if (wanted === null) throw new SetupError('package-lock.json cannot be read');
  if (installed === null || !existsSync(NODE)) return false;
  return Object.entries(wanted).every(([folder, { version, integrity, optional }]) => {
    const there = installed[folder];
    if (folder === '') return true;
    // optional packages are there for one platform only
    if (there === undefined) return optional === true;
    return there.version === version && there.integrity === integrity;
  });
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return null;
  }
}

async function installPackages() {
  log('installing the npm packages of package-lock.json');
  const status = await runStep('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], { cwd: ROOT });
  if (status !== 0) throw new SetupError('npm ci failed; its message is above');
  if (!existsSync(NODE))
    throw new SetupError(`npm ci did not bring ${NODE}: are install scripts switched off?`);
}

async function installFromDebian(missing) {
  const names = [...new Set(missing.map(({ debianPackage }) => debianPackage))];
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', ...names];
  const byHand = `apt-get update && ${command.join(' ')}`;
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) {
    const how = isInstalled('apt-get')
      ? `as root: ${byHand}`
      : `with the system's own package manager: ${names.join(' ')}`;
    return reportMissing(missing, `missing: ${names.join(', ')}; install ${how}`);
  }
  log(`installing from Debian: ${names.join(', ')}`);
  await withoutStartingServices(async (env) => {
    const install = () => runStep(command[0], command.slice(1), { env });
    if ((await install()) === 0) return;
    log('once more, with fresh package lists');
    await runStep('apt-get', ['update'], { env });
    await install();
  });
  const still = missing.filter(({ program }) => !isInstalled(program));
  if (still.length > 0) reportMissing(still, `apt-get could not install everything; by hand: ${byHand}`);
}

/** Debian starts a server as soon as it is installed, unless the local policy forbids it. */
async function withoutStartingServices(install) {
  const ownPolicy = !existsSync(POLICY);
  if (ownPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await install({ ...process.env, DEBIAN_FRONTEND: 'noninteractive' });
  } finally {
    if (ownPolicy) rmSync(POLICY, { force: true });
  }
}

async function buildWithGo({ program, module, note }) {
  const byHand = `GOBIN=${CACHE_BIN} go install ${module}`;
  const go = SEARCH_PATH.map((folder) => path.join(folder, 'go')).find((file) => existsSync(file));
  if (go === undefined)
    return reportMissing([{ program }], `missing: ${program}; install Go 1.26 or newer, then: ${byHand}`);
  log(`building ${program} once, ${note} (${byHand})`);
  try {
    mkdirSync(CACHE_BIN, { recursive: true });
  } catch (error) {
    return reportMissing(
      [{ program }],
      `${error.message}; REELMILL_CACHE can name another folder for built programs`,
    );
  }
  const status = await runStep(go, ['install', module], { env: { ...process.env, GOBIN: CACHE_BIN } });
  if (status !== 0 || !isInstalled(program))
    reportMissing([{ program }], `${program} could not be built; by hand: ${byHand}`);
}

/** Into a virtual environment; pip writes the program last, so that it is there only where everything it needs is. */
async function installWithPip({ program, folder, requirements }) {
  const name = path.basename(folder);
  const byHand = `python3 -m venv ${folder} && ${folder}/bin/pip install -r ${path.relative(ROOT, requirements)}`;
  log(`installing ${name} once (${byHand})`);
  const makeEnvironment = () => runStep('python3', ['-m', 'venv', '--clear', folder]);
  try {
    const made = (await makeEnvironment()) === 0 || (await addVenvModule(makeEnvironment));
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];
    if (made) await runStep(path.join(folder, 'bin', 'python'), [...pip, '-r', requirements]);
  } catch (error) {
    return reportMissing(
      [{ program }],
      `${error.message}; ${name} needs Python 3.10 or newer, then: ${byHand}`,
    );
  }
  if (isInstalled(program)) return;
  reportMissing(
    [{ program }],
    `${name} could not be installed; by hand, with Python 3.10 or newer: ${byHand}`,
  );
}

/** Debian keeps what makes environments in a package of its own. */
async function addVenvModule(makeEnvironment) {
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await runStep('apt-get', ['install', '-y', '--no-install-recommends', 'python3-venv'], { env });
  return (await makeEnvironment()) === 0;
}

/** Electron's own download, about 110 MB; the tests can do without, the app cannot. */
async function downloadElectron(purpose) {
  const given = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (given) return failOrWarn(`ELECTRON_OVERRIDE_DIST_PATH: there is no Electron in ${given}`, true);
  log('downloading Electron once');
  let complaints = '';
  const keepComplaints = (child) => {
    child.stderr.setEncoding('utf8').on('data', (text) => {
      complaints = (complaints + text).slice(0, MAX_COMPLAINT_CHARACTERS);
    });
  };
  await runStep(
    NODE,
    [path.join(ELECTRON_PACKAGE, 'install.js')],
    { stdio: ['ignore', 'inherit', 'pipe'], timeout: DOWNLOAD_TIMEOUT_MS },
    keepComplaints,
  );
  if (findElectron() !== null) return;
  const [reason = ''] = complaints.replace(/^\w*Error: /, '').split('\n');
  const otherwise = 'ELECTRON_MIRROR can name a mirror, ELECTRON_OVERRIDE_DIST_PATH a folder that holds it';
  failOrWarn(
    `Electron cannot be downloaded (${reason || 'no reason was given'}); ${otherwise}`,
    purpose === 'desktop',
  );
}

function reportMissing(missing, message) {
  failOrWarn(
    message,
    missing.some(({ program }) => DEBIAN.run.some((need) => need.program === program)),
  );
}

/** Fails for what the purpose cannot do without, and in CI for anything; otherwise only logs what is missing. */
function failOrWarn(message, essential) {
  if (essential || process.env.CI === 'true') throw new SetupError(message);
  log(message);
}

/** Runs a step of the set-up; nothing follows one that was interrupted. */
async function runStep(command, args, options, onStart) {
  let interrupted = false;
  const onSignal = () => {
    interrupted = true;
  };
  const status = await runCommand(command, args, options, { onSignal, onStart });
  if (interrupted) throw new SetupError('interrupted');
  return status;
}

/** Runs a program on this terminal and returns its exit code; signals reach it, and this program waits for it. */
export function runCommand(command, args, options = {}, { onSignal, onStart } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    onStart?.(child);
    const forward = (signal) => {
      onSignal?.();
      child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    const finish = (report) => {
      for (const signal of signals) process.off(signal, forward);
      report();
    };
    child.once('error', (error) =>
      finish(() => reject(new SetupError(`${command} cannot be run: ${error.message}`))),
    );
    child.once('close', (code, signal) => finish(() => resolve(signal === null ? code : exitCodeOf(signal))));
  });
}

function exitCodeOf(signal) {
  return { SIGHUP: 129, SIGINT: 130, SIGKILL: 137, SIGTERM: 143 }[signal] ?? 1;
}

function log(message) {
  process.stderr.write(`set-up: ${message}\n`);
}

/** Runs `work`; a failure of the set-up ends the process with 1 and its message alone. */
export async function orExitWithMessage(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    log(error.message);
    process.exit(1);
  }
}

/** Takes a leading `--for=PURPOSE` off the arguments. */
export function takePurpose(args) {
  const purpose = args[0]?.match(/^--for=(.+)$/)?.[1];
  return purpose === undefined ? { purpose: 'run', rest: args } : { purpose, rest: args.slice(1) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await orExitWithMessage(() => setUp(takePurpose(process.argv.slice(2)).purpose));
}
