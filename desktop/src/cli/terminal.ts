import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** The streams of the process, or those that a test passes instead. */
export interface Terminal {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}

/** Prompts for one line. */
export async function ask(terminal: Terminal, question: string): Promise<string> {
  const lines = createInterface({ input: terminal.stdin, output: terminal.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

/** Prompts for one line that is not shown while it is typed. */
export async function askSecret(terminal: Terminal, question: string): Promise<string> {
  terminal.stderr.write(question);
  const nothing = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: terminal.stdin, output: nothing, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    terminal.stderr.write('\n');
  }
}

/** Returns the first lines of standard input, or fewer where it ends before. */
export async function readLines(terminal: Terminal, count: number): Promise<string[]> {
  const lines = createInterface({ input: terminal.stdin });
  const read: string[] = [];
  try {
    for await (const line of lines) {
      read.push(line);
      if (read.length === count) break;
    }
    return read;
  } finally {
    lines.close();
  }
}
