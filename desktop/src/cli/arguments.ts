import { InvalidArgumentError } from 'commander';
import { parseRate } from './formats.ts';

/* Parsers of command-line values. They throw commander's error for an invalid value. */

export function readCount(text: string): number {
  const value = readNumber(text);
  if (value < 1) throw new InvalidArgumentError('Must be at least 1.');
  return value;
}

export function readNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Must be a whole number.');
  return Number(text);
}

export function readRate(text: string): number {
  const rate = parseRate(text);
  if (rate === null) throw new InvalidArgumentError('Must be a number of bytes, such as 500K or 2M.');
  return rate;
}

type Quota = number | 'default' | 'unlimited';

export function readByteQuota(text: string): Quota {
  return readQuota(text, parseRate, 'a number of bytes, such as 500M or 2G');
}

/** Of videos, tasks or minutes. */
export function readCountQuota(text: string): Quota {
  return readQuota(text, (digits) => (/^\d{1,9}$/.test(digits) ? Number(digits) : null), 'a whole number');
}

function readQuota(text: string, parse: (text: string) => number | null, what: string): Quota {
  if (text === 'default' || text === 'unlimited') return text;
  const value = text === '0' ? 0 : parse(text);
  if (value === null) throw new InvalidArgumentError(`Must be ${what}, "unlimited" or "default".`);
  return value;
}
