import type { Readable } from 'node:stream';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { z } from 'zod';

/** Longer lines are truncated, which bounds the memory for the output of a child. */
const MAX_LINE_CHARACTERS = 65_536;

const levels = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);
const entrySchema = z.looseObject({ level: levels, msg: z.string().default('') });

/** Forwards the log of a child process. Logs lines of another origin, such as a crash report of Node, as warnings. */
export function forwardLog(stream: Readable, logger: Logger): void {
  let line = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = text.split('\n');
    for (const [index, part] of lines.entries()) {
      if (index > 0) {
        logLine(line, logger);
        line = '';
      }
      if (line.length < MAX_LINE_CHARACTERS) line += part.slice(0, MAX_LINE_CHARACTERS - line.length);
    }
  });
  stream.on('end', () => logLine(line, logger));
  // the exit of the child is handled elsewhere
  stream.on('error', () => undefined);
}

function logLine(line: string, logger: Logger): void {
  if (line.trim() === '') return;
  const entry = entrySchema.safeParse(parseJson(line));
  if (!entry.success) {
    logger.warn({ line }, 'embedded worker output');
    return;
  }
  // the server's logger adds its own time, name and process
  const { level, msg, time: _time, name: _name, hostname: _host, pid, ...fields } = entry.data;
  logger[level]({ ...fields, worker_pid: pid }, msg);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
