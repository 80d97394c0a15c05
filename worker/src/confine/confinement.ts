import path from 'node:path';
import type { ConfinementReport } from '@reelmill/shared/contracts/tasks.ts';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import {
  type Command,
  LANDLOCK_NETWORK,
  launcherCommand,
  limitMemory,
  NO_STEPS,
  probeSteps,
  type SourceAddress,
  type Steps,
} from './launcher.ts';
import { findProgramFiles, type ProgramFiles } from './programFiles.ts';
import { type Trial, tryOut } from './trial.ts';

/** `auto`: as much as this machine allows; `required`: all of it, or the worker takes no tasks. */
export type ConfineMode = 'auto' | 'required' | 'off';
export type MediaProgram = 'ffmpeg' | 'ffprobe';

/** How ffmpeg and ffprobe are started, so that a hole in one of them reaches nothing but its own task. */
export interface Confinement {
  readonly mode: ConfineMode;
  readonly report: ConfinementReport;
  /** Whether programs need the source on a unix socket, too. */
  readonly needsSocket: boolean;
  /** The same for programs that may read the source at this address. */
  reaching(source: SourceAddress): Confinement;
  /** The command to spawn. Throws `unavailable` where the program is not installed. */
  command(program: MediaProgram, args: readonly string[], run: RunFacts): Promise<Command>;
}

export interface RunFacts {
  /** The folder that the program works in; it may write nowhere else. */
  cwd?: string | undefined;
  /** Limit of its heap, stacks and private mappings. */
  memoryBytes?: number | undefined;
}

export interface ConfinementOptions {
  mode: ConfineMode;
  /** An existing folder, for a trial. */
  workDir: string;
  logger: Logger;
  /** Pretends that the kernel's Landlock is no newer than this. */
  maxLandlock?: number;
}

type Missing = ConfinementReport['missing'][number];
type What = Missing['what'];

const WHY_NOT: Record<What, string> = {
  filesystem: 'the kernel has no Landlock',
  network:
    'the kernel has no Landlock rules for TCP (Linux 6.7 and later have), and refuses network namespaces',
  syscalls: 'the kernel refuses seccomp filters',
};

/**
 * Finds out once, by running the launcher with a program that tries to break out, which steps hold on this machine.
 * A step that held then and fails later fails the program's start. Never rejects: where nothing holds, the report says
 * so.
 */
export async function openConfinement(options: ConfinementOptions): Promise<Confinement> {
  const { mode, logger } = options;
  const { steps, report } = await findSteps(options);
  const level = report.missing.length > 0 ? 'warn' : 'info';
  logger[level]({ confinement: report, mode }, 'media confinement');
  return new LaunchedConfinement(mode, steps, report);
}

class LaunchedConfinement implements Confinement {
  readonly mode: ConfineMode;
  readonly report: ConfinementReport;
  /** Null: the launcher itself does not work here. */
  readonly #steps: Steps | null;
  readonly #source: SourceAddress | null;
  readonly #files: Map<MediaProgram, Promise<ProgramFiles>>;

  constructor(
    mode: ConfineMode,
    steps: Steps | null,
    report: ConfinementReport,
    source: SourceAddress | null = null,
    files = new Map<MediaProgram, Promise<ProgramFiles>>(),
  ) {
    this.mode = mode;
    this.report = report;
    this.#steps = steps;
    this.#source = source;
    this.#files = files;
  }

  get needsSocket(): boolean {
    return this.#steps !== null && this.#steps.namespace !== null;
  }

  reaching(source: SourceAddress): Confinement {
    return new LaunchedConfinement(this.mode, this.#steps, this.report, source, this.#files);
  }

  async command(program: MediaProgram, args: readonly string[], { cwd, memoryBytes }: RunFacts) {
    if (this.#steps === null) {
      const bare = { file: program, args: [...args] };
      return memoryBytes === undefined ? bare : limitMemory(bare, memoryBytes);
    }
    const files = await this.#find(program);
    return launcherCommand(this.#steps, {
      files,
      args,
      workFolder: cwd === undefined ? null : path.resolve(cwd),
      source: this.#source,
      memoryBytes: memoryBytes ?? null,
    });
  }

  /** Looked up once; a program that is not there may be there the next time. */
  #find(program: MediaProgram): Promise<ProgramFiles> {
    const known = this.#files.get(program);
    if (known !== undefined) return known;
    const finding = findProgramFiles(program);
    this.#files.set(program, finding);
    finding.catch(() => this.#files.delete(program));
    return finding;
  }
}

interface Found {
  steps: Steps | null;
  report: ConfinementReport;
}

async function findSteps({ mode, workDir, logger, maxLandlock }: ConfinementOptions): Promise<Found> {
  let probed: Steps;
  try {
    if (process.platform !== 'linux') throw new Error(`not on ${process.platform}`);
    probed = await probeSteps();
  } catch (error) {
    logger.debug({ err: error }, 'launcher does not run');
    return {
      steps: null,
      report: reportOf(NO_STEPS, allMissing('the launcher, a Perl program for Linux, does not run here')),
    };
  }
  if (mode === 'off')
    return { steps: NO_STEPS, report: reportOf(NO_STEPS, allMissing('CONFINE_MEDIA is off')) };
  const limited = { ...probed, landlock: Math.min(probed.landlock, maxLandlock ?? probed.landlock) };
  // one mechanism for the network is enough, and Landlock needs no relay
  const wanted = limited.landlock >= LANDLOCK_NETWORK ? { ...limited, namespace: null } : limited;
  let failure = '';
  for (const steps of candidates(wanted)) {
    const trial = await tryOut(steps, workDir);
    if (trial.works) return { steps, report: reportOf(steps, findMissing(steps, trial, failure)) };
    failure ||= trial.error;
    logger.debug({ steps, error: trial.error }, 'confinement trial failed');
  }
  return { steps: null, report: reportOf(NO_STEPS, allMissing(`a trial failed: ${failure}`)) };
}

/** All steps, then all but one, then none. */
function candidates(steps: Steps): Steps[] {
  return [
    steps,
    ...(steps.uid === null ? [] : [{ ...steps, uid: null }]),
    ...(steps.namespace === null ? [] : [{ ...steps, namespace: null }]),
    ...(steps.landlock === 0 ? [] : [{ ...steps, landlock: 0 }]),
    ...(steps.seccomp ? [{ ...steps, seccomp: false }] : []),
    NO_STEPS,
  ];
}

const isOn: Record<What, (steps: Steps) => string | null> = {
  filesystem: ({ landlock }) => (landlock > 0 ? 'landlock' : null),
  network: ({ landlock, namespace }) =>
    namespace !== null ? 'namespace' : landlock >= LANDLOCK_NETWORK ? 'landlock' : null,
  syscalls: ({ seccomp }) => (seccomp ? 'seccomp' : null),
};
const WHATS = ['filesystem', 'network', 'syscalls'] as const;

function findMissing(steps: Steps, trial: Trial, failure: string): Missing[] {
  return WHATS.flatMap((what) => {
    const open = trial.open.filter((line) => line.startsWith(`${what} `));
    if (isOn[what](steps) === null) {
      return [{ what, why: failure === '' ? WHY_NOT[what] : `a trial failed: ${failure}` }];
    }
    return open.length > 0 ? [{ what, why: `a trial program got through: ${open.join(', ')}` }] : [];
  });
}

function allMissing(why: string): Missing[] {
  return WHATS.map((what) => ({ what, why }));
}

function reportOf(steps: Steps, missing: Missing[]): ConfinementReport {
  const held = (what: What) => (missing.some((one) => one.what === what) ? null : isOn[what](steps));
  return {
    filesystem: held('filesystem'),
    network: held('network'),
    syscalls: held('syscalls'),
    separateUser: steps.uid !== null,
    missing,
  };
}
