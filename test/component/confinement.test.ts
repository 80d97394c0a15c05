import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { type Confinement, openConfinement } from '../../worker/src/confine/confinement.ts';
import {
  launcherCommand,
  NO_STEPS,
  PERL,
  probeSteps,
  type Steps,
} from '../../worker/src/confine/launcher.ts';
import { findProgramFiles } from '../../worker/src/confine/programFiles.ts';
import { runProgram } from '../../worker/src/programs/runProgram.ts';
import { withWorkFolder } from '../../worker/src/scratch/taskFolder.ts';
import { claimWorkFolder, releaseWorkFolder } from '../../worker/src/scratch/workerFolder.ts';
import { openSourceReader } from '../../worker/src/source/sourceReader.ts';
import { startFaultyStore } from '../support/faultyStore.ts';
import { startMediaStore } from '../support/mediaStore.ts';
import { makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { sampleFile } from '../support/samples.ts';
import { runSpec, taskContext } from '../support/transcode.ts';

const logger = createLogger({ level: 'silent', name: 'test' });
const SECRET = 'the secret of this installation';

let folder: TemporaryFolder;
let probed: Steps;
before(async () => {
  folder = await makeTemporaryFolder('confine');
  probed = await probeSteps();
});
after(() => folder.remove());

/** Both ways to confine the network; the second is that of kernels before 6.7. */
const MECHANISMS = { landlock: undefined, namespace: 3 } as const;

async function confinementOf(mechanism: keyof typeof MECHANISMS): Promise<Confinement> {
  const maxLandlock = MECHANISMS[mechanism];
  return openConfinement({
    mode: 'auto',
    workDir: folder.path,
    logger,
    ...(maxLandlock === undefined ? {} : { maxLandlock }),
  });
}

// Object.keys widens to string[]
for (const mechanism of Object.keys(MECHANISMS) as (keyof typeof MECHANISMS)[]) {
  describe(`with the network by ${mechanism}`, () => {
    let confinement: Confinement;
    let work: string;
    before(async () => {
      confinement = await confinementOf(mechanism);
      work = await mkdtemp(path.join(folder.path, 'work-'));
    });

    test('everything holds on this machine, and says by what', () => {
      assert.deepEqual(confinement.report, {
        filesystem: 'landlock',
        network: mechanism,
        syscalls: 'seccomp',
        separateUser: process.getuid?.() === 0,
        missing: [],
      });
    });

    /** Runs ffmpeg confined, as a task does. */
    const ffmpeg = async (args: string[], bound = confinement) => {
      const lines: string[] = [];
      const end = await runProgram('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args], {
        cwd: work,
        confinement: bound,
        signal: AbortSignal.timeout(60_000),
        logger,
        memoryBytes: 2 ** 30,
        stallMs: 60_000,
        timeLimitMs: 60_000,
        onLine: (line) => lines.push(line) > 0,
      });
      return { ...end, lines };
    };

    test('reads its source, and writes into its folder', async () => {
      const film = await readFile(await sampleFile('no-audio'));
      const store = await startFaultyStore(film, 'e');
      const reader = await openSourceReader({
        ...{ store, logger, withSocket: confinement.needsSocket },
        source: { key: 'raw/1/a.mp4', sizeBytes: film.length },
      });
      try {
        const args = ['-protocol_whitelist', 'http,tcp', '-i', reader.url, '-c', 'copy', 'copy.mkv'];
        const end = await ffmpeg(args, confinement.reaching(reader.address));
        assert.deepEqual([end.exitCode, end.stderr], [0, '']);
        assert.ok((await readFile(path.join(work, 'copy.mkv'))).length > 1000);
        assert.equal(reader.fault, null);
      } finally {
        await reader.close();
        await store.close();
      }
    });

    test('ffmpeg with hostile arguments gets nothing', async () => {
      const secret = path.join(folder.path, 'secrets.json');
      await writeFile(secret, SECRET);
      await chmod(secret, 0o644);
      await chmod(folder.path, 0o755);
      let connections = 0;
      const bait = createServer((socket) => {
        connections += 1;
        socket.destroy();
      });
      const local = createServer((socket) => {
        connections += 1;
        socket.destroy();
      });
      bait.listen(0, '127.0.0.1');
      local.listen(path.join(folder.path, `${mechanism}.sock`));
      await Promise.all([once(bait, 'listening'), once(local, 'listening')]);
      const { port } = bait.address() as AddressInfo; // a TCP server's address is never a string
      const raw = ['-f', 'data', '-i'];
      const out = ['-map', '0', '-c', 'copy', '-f', 'data', 'stolen'];
      try {
        for (const input of [
          '/etc/passwd',
          `/proc/${process.pid}/environ`,
          '/proc/self/environ',
          secret,
          `http://127.0.0.1:${port}/`,
          `udp://127.0.0.1:${port}`,
          `unix:${path.join(folder.path, `${mechanism}.sock`)}`,
        ]) {
          const end = await ffmpeg([...raw, input, ...out]);
          assert.notEqual(end.exitCode, 0, input);
          assert.match(
            end.stderr,
            /Permission denied|Operation not permitted|Connection refused|Input\/output/,
            input,
          );
        }
        const lavfi = ['-f', 'lavfi', '-i', 'testsrc2=duration=0.1', '-f', 'rawvideo'];
        const outside = path.join(folder.path, 'outside');
        assert.notEqual((await ffmpeg([...lavfi, outside])).exitCode, 0);
        assert.notEqual((await ffmpeg([...lavfi, secret])).exitCode, 0);
        assert.notEqual((await ffmpeg([...lavfi, `tcp://127.0.0.1:${port}`])).exitCode, 0);
        assert.equal(connections, 0);
        assert.equal(await readFile(secret, 'utf8'), SECRET);
        assert.ok(!(await readdir(folder.path)).includes('outside'));
        assert.ok(
          !(await readdir(work)).includes('stolen') ||
            (await readFile(path.join(work, 'stolen'))).length === 0,
        );
      } finally {
        bait.close();
        local.close();
      }
    });

    test('code of a stranger in the program gets nothing', async () => {
      const found = await attack(confinementSteps(mechanism), work);
      assert.deepEqual(found, []);
    });
  });
}

/** The same steps as a confinement of this machine has. */
function confinementSteps(mechanism: keyof typeof MECHANISMS): Steps {
  if (mechanism === 'landlock') return { ...probed, namespace: null };
  return { ...probed, landlock: Math.min(probed.landlock, 3) };
}

test('the attack gets through where nothing is confined', async () => {
  const work = await mkdtemp(path.join(folder.path, 'work-'));
  const found = await attack(NO_STEPS, work);
  for (const what of [
    ...['reads', 'connects', 'udp', 'forks', 'signals', 'symlinks', 'ptraces', 'truncates'],
    ...['shares memory', 'grows down', 'memory file', 'allocates', 'maps a file'],
    ...['makes folders', 'removes folders', 'hides files', 'nameless files'],
  ]) {
    assert.ok(
      found.some((line) => line.startsWith(what)),
      `${what} of ${found}`,
    );
  }
});

/**
 * What a stand-in for a decoder with a hole can do, one line each. Every attempt is one that this process, or one
 * without the steps, succeeds in.
 */
const ATTACK = `
my ($secret, $port, $worker, $work, $arm) = @ARGV;
# syscall passes strings on as addresses
($port, $worker) = ($port + 0, $worker + 0);
my %n = $arm ? (ptrace => 117, unshare => 97, socket => 198, connect => 203, bind => 200, sendto => 206, kill => 129,
    io_uring_setup => 425, bpf => 280, keyctl => 219, pidfd_open => 434, process_vm_readv => 270, symlinkat => 36,
    fchmodat => 53, truncate => 45, setsid => 157, prctl => 167, tkill => 130, memfd => 279, execveat => 281)
  : (ptrace => 101, unshare => 272, socket => 41, connect => 42, bind => 49, sendto => 44, kill => 62,
    io_uring_setup => 425, bpf => 321, keyctl => 250, pidfd_open => 434, process_vm_readv => 310, symlinkat => 266,
    fchmodat => 268, truncate => 76, setsid => 112, prctl => 157, tkill => 200, memfd => 319, execveat => 322);
sub got { print "@_\\n" }
sub does { my ($what, $name, @a) = @_; got($what) if syscall($n{$name}, @a) >= 0 }
my $me = $$;
for my $f ($secret, '/etc/passwd', '/etc/hostname', "/proc/$worker/environ", "/proc/$worker/cmdline", '/proc/self/maps', '/proc/net/tcp') {
  got('reads', $f) if open my $h, '<', $f;
}
for my $d ('/', '/proc', '/etc', '/tmp', "$work/..") { got('lists', $d) if opendir my $h, $d }
for my $f ($secret, '/tmp/reelmill-attack', '/dev/shm/reelmill-attack', "$work/../outside") { if (open my $h, '>>', $f) { got('writes', $f); } }
got('removes') if unlink "$secret.copy";
does('truncates', 'truncate', "$secret.copy2", 0);
does('changes rights', 'fchmodat', -100, "$secret.copy3", 0777, 0);
got('symlinks') if symlink $secret, "$work/segment";
got('links') if link $secret, "$work/hard";
my $in = pack('S n N x8', 2, $port, 0x7f000001);
for my $protocol (0, 6, 132, 262) {
  my $s = syscall($n{socket}, 2, 1, $protocol);
  next if $s < 0;
  got('connects', $protocol) if syscall($n{connect}, $s, $in, length $in) == 0;
}
my $t = syscall($n{socket}, 2, 1, 0);
does('fast open', 'sendto', $t, 'x', 1, 0x20000000, $in, length $in);
does('binds', 'bind', $t, pack('S n N x8', 2, 0, 0), 16) if $t >= 0;
does('udp', 'socket', 2, 2, 0);
does('raw', 'socket', 2, 3, 1);
does('netlink', 'socket', 16, 3, 0);
does('packet', 'socket', 17, 3, 0);
does('unix', 'socket', 1, 1, 0);
my $p = fork; exit 0 if defined $p && !$p;
if (defined $p) { got('forks'); waitpid $p, 0 }
got('runs a shell') if defined(eval { my $o = \`/bin/true\`; $? == 0 ? 1 : undef });
does('signals', 'kill', $worker, 0);
does('signals a group', 'kill', 0, 0);
does('signals all', 'kill', -1, 0);
does('signals a thread', 'tkill', $worker, 0);
does('ptraces', 'ptrace', 0x4206, $worker, 0, 0) ; syscall($n{ptrace}, 17, $worker, 0, 0);
does('opens a process', 'pidfd_open', $worker, 0);
does('reads memory', 'process_vm_readv', $worker, pack('QQ', 0, 0), 0, pack('QQ', 0, 0), 0, 0);
does('unshares', 'unshare', 0x10000000);
does('io_uring', 'io_uring_setup', 4, "\\0" x 120);
does('bpf', 'bpf', 0, "\\0" x 72, 72);
does('keyring', 'keyctl', 0, -3, 1);
does('leaves its session', 'setsid');
does('outlives the worker', 'prctl', 1, 0, 0, 0, 0);
sub maps { my ($what, $flags) = @_; got($what) if syscall($arm ? 222 : 9, 0, 4096, 3, $flags, -1, 0) != -1 }
maps('shares memory', 0x21);
maps('grows down', 0x122);
does('memory file', 'memfd', 'x', 0);
got('makes folders') if mkdir "$work/made";
got('removes folders') if rmdir "$work/made";
if (open my $h, '+>', "$work/plain") {
  got('allocates') if syscall($arm ? 47 : 285, fileno $h, 0, 0, 4096) == 0;
  got('maps a file') if syscall($arm ? 222 : 9, 0, 4096, 1, 1, fileno $h, 0) != -1;
  got('hides files') if unlink "$work/plain";
}
got('nameless files') if syscall($arm ? 56 : 257, -100, $work, $arm ? 0x404002 : 0x410002, 0600) >= 0;
`;

async function attack(steps: Steps, work: string): Promise<string[]> {
  const secret = path.join(folder.path, 'attacked.json');
  for (const name of ['', '.copy', '.copy2', '.copy3'])
    await writeFile(secret + name, SECRET, { mode: 0o666 });
  // as open as can be: it is not its rights that protect it
  for (const name of ['', '.copy', '.copy2', '.copy3']) await chmod(secret + name, 0o666);
  await chmod(folder.path, 0o777);
  const servers = [
    createServer((socket) => socket.destroy()),
    createServer((socket) => socket.destroy()),
  ] as const;
  servers[0].listen(0, '127.0.0.1');
  servers[1].listen(path.join(work, '..', 'attack.sock'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const { port } = servers[0].address() as AddressInfo; // a TCP server's address is never a string
  const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    const { file, args } = launcherCommand(steps, {
      files: await findProgramFiles(PERL),
      args: ['-e', ATTACK, secret, `${port}`, `${bystander.pid}`, work, process.arch === 'arm64' ? '1' : ''],
      workFolder: work,
      source: {
        port: port + 1,
        socketPath: steps.namespace === null ? null : path.join(folder.path, 'none'),
      },
      memoryBytes: null,
    });
    const options = { cwd: work, detached: true, timeout: 30_000 } as const;
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const [stdout, stderr] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
    const said = Buffer.concat(stderr).toString();
    assert.doesNotMatch(said, /confine:|syntax/, said);
    return Buffer.concat(stdout).toString().split('\n').filter(Boolean);
  } finally {
    bystander.kill();
    for (const server of servers) server.close();
    await rm(path.join(work, '..', 'attack.sock'), { force: true });
    await rm(path.join(folder.path, 'outside'), { force: true });
    await rm('/tmp/reelmill-attack', { force: true });
    await rm('/dev/shm/reelmill-attack', { force: true });
  }
}

test('an ordinary user is confined by the same steps, as far as they need no root', {
  skip: process.getuid?.() !== 0,
}, async () => {
  // a copy that this user reaches; the project's own folder may be root's alone
  const place = await mkdtemp('/tmp/reelmill-nobody-');
  const source = path.resolve(import.meta.dirname, '../../worker/src/confine');
  try {
    for (const name of ['confine.pl', 'systemCalls.pl', 'relay.pl']) {
      await writeFile(path.join(place, name), await readFile(path.join(source, name)));
    }
    await chmod(place, 0o755);
    const work = path.join(place, 'work');
    await mkdir(work);
    await chown(work, 65534, 65534);
    await chmod(folder.path, 0o777);
    const secret = path.join(folder.path, 'of-nobody.json');
    await writeFile(secret, SECRET);
    await chmod(secret, 0o666);
    for (const steps of [
      { ...probed, uid: null, namespace: null },
      { ...probed, uid: null, namespace: 'user' as const, landlock: 3 },
    ]) {
      const program = `print "works\\n"; print "reads\\n" if open my $h, '<', '${secret}';
        print "forks\\n" if defined fork; print "udp\\n" if socket my $u, 2, 2, 0; print "uid $<\\n";
        print "signals\\n" if kill 0, getppid;`;
      const { file, args } = launcherCommand(steps, {
        files: await findProgramFiles(PERL),
        args: ['-e', program],
        workFolder: work,
        source: { port: 4444, socketPath: steps.namespace === null ? null : path.join(place, 'none') },
        memoryBytes: null,
      });
      const child = spawn(file, [path.join(place, 'confine.pl'), ...args.slice(1)], {
        ...{ cwd: work, uid: 65534, gid: 65534, stdio: ['ignore', 'pipe', 'pipe'], env: { LC_ALL: 'C' } },
      });
      const [out, error] = await Promise.all([child.stdout?.toArray(), child.stderr?.toArray()]);
      assert.equal(Buffer.concat(error ?? []).toString(), '');
      assert.equal(Buffer.concat(out ?? []).toString(), 'works\nuid 65534\n');
    }
  } finally {
    await rm(place, { recursive: true, force: true });
  }
});

test('a step that fails keeps the program from running', async () => {
  const launch = {
    files: await findProgramFiles(PERL),
    args: ['-e', 'print "it ran"'],
    workFolder: null,
    source: null,
    memoryBytes: null,
  };
  for (const steps of [
    { ...probed, landlock: 7, namespace: null },
    { ...probed, uid: 65534, namespace: null },
    { ...probed, namespace: null },
  ]) {
    const { file, args } = launcherCommand(steps, launch);
    const broken = {
      0: [...args.slice(0, 1), 'read=/no/such/folder', ...args.slice(1)],
      1: args.map((arg) => (arg.startsWith('parent=') ? 'parent=1' : arg)),
      2: args.map((arg) => (arg.startsWith('arch=') ? 'arch=vax' : arg)),
    };
    for (const one of Object.values(broken)) {
      const child = spawn(file, one, { stdio: ['ignore', 'pipe', 'pipe'] });
      const [out, code] = await Promise.all([child.stdout.toArray(), once(child, 'exit')]);
      assert.equal(Buffer.concat(out).toString(), '', one.join(' '));
      assert.notEqual(code[0], 0);
    }
  }
});

test('its limits of memory and file size are the kernel’s', async () => {
  const run = async (program: string, memoryBytes: number | null) => {
    const work = await mkdtemp(path.join(folder.path, 'limits-'));
    const { file, args } = launcherCommand(
      { ...probed, namespace: null },
      {
        files: await findProgramFiles(PERL),
        args: ['-e', program],
        workFolder: work,
        source: null,
        memoryBytes,
      },
    );
    const child = spawn(file, args, { cwd: work, stdio: ['ignore', 'pipe', 'ignore'] });
    const out = await child.stdout.toArray();
    return Buffer.concat(out).toString();
  };
  const large = 'my $x = "x" x (200 * 1024 * 1024); print length $x';
  assert.equal(await run(large, 1024 ** 3), String(200 * 1024 ** 2));
  assert.equal(await run(large, 100 * 1024 ** 2), '');
  const seek =
    'open my $f, ">", "a"; seek $f, 2 * 1024 ** 3, 0; $SIG{XFSZ} = "IGNORE"; print syswrite($f, "x") // "refused"';
  assert.equal(await run(seek, null), 'refused');
  const open = 'my @f; while (@f < 1000 && open my $f, "<", "/dev/null") { push @f, $f } print @f < 256';
  assert.equal(await run(open, null), '1');
  const call = process.arch === 'arm64' ? 261 : 302;
  const limits = `my $l = pack 'Q2'; print join ' ', map { syscall(${call}, 0, $_, 0, $l); unpack 'Q2', $l } 3, 6`;
  const [stack, stackHard, threads, threadsHard] = (await run(limits, null)).split(' ').map(Number);
  assert.deepEqual([stack, stackHard], [8 * 1024 ** 2, 8 * 1024 ** 2]);
  assert.equal(threads, threadsHard);
  assert.ok(threads !== undefined && threads >= 4096 && threads < 30_000, `${threads}`);
});

test('folders are kept from being made by Landlock alone, too', async () => {
  const work = await mkdtemp(path.join(folder.path, 'work-'));
  const found = await attack({ ...confinementSteps('landlock'), seccomp: false }, work);
  assert.ok(found.includes('allocates'), `${found}`);
  assert.ok(!found.includes('makes folders'), `${found}`);
});

test('a program that hides memory from its limit is ended', async () => {
  const work = await mkdtemp(path.join(folder.path, 'work-'));
  const { reaching, mode, report, needsSocket } = await confinementOf('landlock');
  // populated, then made read-only, which RLIMIT_DATA forgets
  const program = `my $a = $ARGV[0]; for (1 .. 6) {
    my $at = syscall($a ? 222 : 9, 0, 2 ** 26, 3, 0x8022, -1, 0); exit 3 if $at == -1;
    exit 4 if syscall($a ? 226 : 10, $at, 2 ** 26, 1) != 0;
  } print "held\n"; $| = 1; select undef, undef, undef, 50;`;
  const files = await findProgramFiles(PERL);
  const perl: Confinement = {
    ...{ reaching, mode, report, needsSocket },
    command: async (_program, args, { memoryBytes = 0 }) =>
      launcherCommand(confinementSteps('landlock'), {
        ...{ files, args, workFolder: work, source: null, memoryBytes },
      }),
  };
  const running = runProgram('ffmpeg', ['-e', program, process.arch === 'arm64' ? '1' : ''], {
    ...{ confinement: perl, logger, cwd: work, memoryBytes: 2 ** 27, onLine: () => true },
    ...{ signal: AbortSignal.timeout(60_000), stallMs: 60_000, timeLimitMs: 60_000 },
  });
  await assert.rejects(running, { code: 'program_died', message: /more memory than it may/ });
});

test('the relay leads few connections at once, and all in turn', async () => {
  const socketPath = path.join(folder.path, 'relay.sock');
  let [live, most, served] = [0, 0, 0];
  const server = createServer((socket) => {
    most = Math.max(most, ++live);
    socket.on('close', () => live--).on('error', () => undefined);
    socket.once('data', () => socket.end(`${++served}`));
  });
  server.listen(socketPath);
  await once(server, 'listening');
  try {
    const program = `my @s; for (1 .. 50) {
      socket(my $s, 2, 1, 0) or die; connect($s, pack 'S n N x8', 2, 4446, 0x7f000001) or die; push @s, $s }
      for my $s (@s) { syswrite $s, 'x'; sysread $s, my $got, 9 or die; close $s } print 'all';`;
    const work = await mkdtemp(path.join(folder.path, 'work-'));
    const { file, args } = launcherCommand(confinementSteps('namespace'), {
      ...{ files: await findProgramFiles(PERL), args: ['-e', program], workFolder: work },
      ...{ source: { port: 4446, socketPath }, memoryBytes: null },
    });
    const child = spawn(file, args, { cwd: work, stdio: ['ignore', 'pipe', 'inherit'], timeout: 30_000 });
    assert.equal(Buffer.concat(await child.stdout.toArray()).toString(), 'all');
    assert.equal(served, 50);
    // one that has ended may be noticed after the next one came
    assert.ok(most >= 16 && most <= 20, `${most}`);
  } finally {
    server.close();
  }
});

/** Deeper than any path may be long. */
async function makeUnremovable(place: string): Promise<void> {
  const program = 'chdir shift; for (1 .. 40) { my $d = "d" x 200; mkdir $d and chdir $d or die }';
  await once(spawn(PERL, ['-e', program, place], { stdio: 'inherit' }), 'exit');
  await assert.rejects(rm(place, { recursive: true }), { code: 'ENAMETOOLONG' });
}

test('a folder that cannot be removed costs neither a result nor a worker', async () => {
  const media = await startMediaStore();
  const parent = await mkdtemp(path.join(folder.path, 'stuck-'));
  const lines: string[] = [];
  const loud = createLogger({ level: 'warn', name: 'test' }, { write: (line: string) => lines.push(line) });
  try {
    const left = path.join(parent, `${hostname().replace(/[^A-Za-z0-9_-]/g, '_')}.999999999.dead`);
    await mkdir(left);
    await makeUnremovable(left);
    const claimed = await claimWorkFolder(parent, 'w', loud);
    assert.equal(lines.length, 1);
    const context = taskContext(media, { workDir: claimed, logger: loud });
    const limits = { bytes: 1e9, files: 1e6 };
    const result = await withWorkFolder(context, limits, async (task) => {
      await makeUnremovable(task);
      return 'made';
    });
    assert.equal(result, 'made');
    assert.equal(lines.length, 2);
    await releaseWorkFolder(claimed, loud);
    assert.equal(lines.length, 3);
    assert.ok(lines.every((line) => line.includes('not removed')));
  } finally {
    await once(spawn('rm', ['-rf', parent]), 'exit');
    await media.close();
  }
});

// Object.keys widens to string[]
for (const mechanism of Object.keys(MECHANISMS) as (keyof typeof MECHANISMS)[]) {
  test(`nothing is left running of a worker that is killed (${mechanism})`, async () => {
    const steps = confinementSteps(mechanism);
    const work = await mkdtemp(path.join(folder.path, 'orphan-'));
    const marker = path.basename(work);
    const files = await findProgramFiles('ffmpeg');
    const { file, args } = launcherCommand(steps, {
      files,
      args: [
        '-v',
        'error',
        '-re',
        '-f',
        'lavfi',
        '-i',
        `anullsrc`,
        '-metadata',
        `title=${marker}`,
        '-f',
        'null',
        '-',
      ],
      workFolder: work,
      source: { port: 4445, socketPath: steps.namespace === null ? null : path.join(work, 's') },
      memoryBytes: null,
    });
    // stands for the worker: it starts the program in a group of its own and does nothing more
    const script = `const { spawn } = require('node:child_process');
      const args = ${JSON.stringify(args)}.map((arg) => arg.startsWith('parent=') ? 'parent=' + process.pid : arg);
      spawn(${JSON.stringify(file)}, args, { cwd: ${JSON.stringify(work)}, detached: true, stdio: 'ignore' });`;
    const worker = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    const running = async () =>
      (await commandLines()).filter((line) => line.includes(marker) && !line.includes('node'));
    const expected = steps.namespace === null ? 1 : 2;
    await waitFor('the program runs', async () => {
      const lines = await running();
      return lines.length === expected && lines.some((line) => line.startsWith(files.program));
    });
    worker.kill('SIGKILL');
    await waitFor('nothing runs', async () => (await running()).length === 0);
  });
}

test('signals and exit codes come through', async () => {
  const confinement = await confinementOf('landlock');
  const limits = {
    confinement,
    logger,
    onLine: () => true,
    memoryBytes: 2 ** 30,
    stallMs: 60_000,
    timeLimitMs: 60_000,
  };
  const abort = new AbortController();
  // ffmpeg's own code of a missing file differs between versions
  const bad = await runProgram('ffprobe', ['-i', 'nothing.mp4'], { ...limits, signal: abort.signal });
  assert.equal(bad.exitCode, 1);
  const began = runProgram('ffmpeg', ['-re', '-f', 'lavfi', '-i', 'anullsrc', '-f', 'null', '-'], {
    ...limits,
    signal: abort.signal,
  });
  abort.abort();
  await assert.rejects(began, { code: 'aborted' });
});

test('reports that it is off, or that the machine has no Perl, and runs programs', async () => {
  const off = await openConfinement({ mode: 'off', workDir: folder.path, logger });
  assert.deepEqual(
    off.report.missing.map(({ what }) => what),
    ['filesystem', 'network', 'syscalls'],
  );
  const end = await runProgram('ffmpeg', ['-version'], {
    ...{
      confinement: off,
      logger,
      onLine: () => true,
      memoryBytes: 2 ** 30,
      stallMs: 60_000,
      timeLimitMs: 60_000,
    },
    signal: AbortSignal.timeout(60_000),
  });
  assert.equal(end.exitCode, 0);
});

test('the signed URL of the store is in no command line and in no log line', async () => {
  const media = await startMediaStore();
  try {
    const source = await media.addSource(await sampleFile('h264-aac'));
    const signed = new URL(
      await media.store.signGet(source.key, { audience: 'internal', expiresSeconds: 60 }),
    );
    const logged: string[] = [];
    const loud = createLogger(
      { level: 'trace', name: 'test' },
      { write: (line: string) => logged.push(line) },
    );
    let done = false;
    const task = runSpec(media, { kind: 'inspect', source }, { logger: loud }).finally(() => {
      done = true;
    });
    const seen = new Set<string>();
    while (!done) for (const line of await commandLines()) if (line.includes('ffprobe')) seen.add(line);
    await task;
    assert.ok([...seen].some((line) => line.includes('http://127.0.0.1:')));
    assert.ok(logged.some((line) => line.includes('program ended')));
    for (const line of [...seen, ...logged]) {
      assert.ok(!line.includes(signed.host) && !line.includes(source.key), line);
    }
  } finally {
    await media.close();
  }
});

/** Of every process, with spaces. */
async function commandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.map((line) => line.replaceAll('\0', ' '));
}

test('its files are found where PATH says, whatever links lead there', async () => {
  const files = await findProgramFiles('ffmpeg');
  assert.equal(files.program, await realpath(files.program));
  assert.equal(files.executables.length, 2);
  await assert.rejects(findProgramFiles('no-such-program'), { code: 'unavailable' });
});
