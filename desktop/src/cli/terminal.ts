import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** The streams of the process, so that a test or another program can give others. */
export interface Terminal {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}

/** Asks for one line. */
export async function ask(terminal: Terminal, question: string): Promise<string> {
  const lines = createInterface({ input: terminal.stdin, output: terminal.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

/** Asks for one line that is not shown while it is typed. */
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

/** The first line of standard input; empty where there is none. */
export async function readFirstLine(terminal: Terminal): Promise<string> {
  const lines = createInterface({ input: terminal.stdin });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
  }
}
