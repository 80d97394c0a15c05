import { readdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Disk, PowerDisk } from './disk.ts';
import { drawSeconds, type Fault } from './faults.ts';
import { killMarkedProcesses, signalMarkedProcesses } from './markedProcesses.ts';
import type { Program } from './program.ts';

const ROUND_MS = 20;
const MAX_ROUNDS = 200;

export function fillDisks(weight: number, disks: readonly (Disk & { name: string })[]): Fault[] {
  if (disks.length === 0) return [];
  const fault: Fault = {
    kind: 'disk full',
    weight,
    draw(random) {
      const disk = random.pick(disks);
      const leaveBytes = random.pick([0, 4_096, 20_000, 60_000, 200_000]);
      return {
        what: `${disk.name} is full but for ${leaveBytes} bytes`,
        targets: [disk.name],
        seconds: drawSeconds(random, 0.5, 10),
        async begin() {
          await untilWritten(disk.folder);
          await disk.fill(leaveBytes);
        },
        end: () => disk.free(),
      };
    },
  };
  return [fault];
}

/** Waits for the files of a task, for a while: a disk that fills while nothing is written does no harm. */
async function untilWritten(folder: string): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const names = await readdir(folder, { recursive: true }).catch(() => []);
    if (names.some((name) => /\.(mp4|m4s|jpg|mkv)$/.test(name))) return;
    await pause(ROUND_MS);
  }
}

/** Everything stops at one moment; what starts again finds what was on the disk, without what was only in memory. */
export function cutPower(weight: number, server: Program, disk: PowerDisk, mark: string): Fault {
  return {
    kind: 'power cut',
    weight,
    draw: (random) => ({
      what: 'power cut',
      targets: ['the disk', server.name, 'embedded worker'],
      seconds: random.between(0, 3),
      async begin() {
        server.signal('SIGSTOP');
        await signalMarkedProcesses(mark, 'SIGSTOP');
        await disk.snapshot();
        await server.kill();
        await killMarkedProcesses(mark);
      },
      async end() {
        await disk.restoreSnapshot();
        await disk.free();
        server.start();
      },
    }),
  };
}
