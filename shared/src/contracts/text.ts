import { z } from 'zod';

/**
 * Text that is stored or searched for, trimmed, of `min` to `max` characters. They are counted as JSON Schema and the
 * databases count them, so that an emoji is one. NUL is refused, which SQLite takes in no statement, and half of a surrogate
 * pair, which is no character.
 */
export function text({ min = 0, max }: { min?: 0 | 1; max: number }) {
  const pattern = min === 0 ? '^[^\\u0000]*$' : '^[^\\u0000]*[^\\s\\u0000\\ufeff][^\\u0000]*$';
  return z
    .string()
    .trim()
    .refine((value) => !value.includes('\0') && value.isWellFormed(), 'must be text without NUL')
    .refine((value) => value.length >= min, 'must not be empty')
    .refine((value) => isWithin(value, max), `must have at most ${max} characters`)
    .meta({ maxLength: max, pattern, ...(min === 0 ? {} : { minLength: min }) });
}

/** Does not count what cannot be within. */
function isWithin(value: string, max: number): boolean {
  return value.length <= max || (value.length <= 2 * max && [...value].length <= max);
}

/** For the description of an object that must have at least one of these. */
export function anyOf(...names: string[]): { anyOf: { required: string[] }[] } {
  return { anyOf: names.map((name) => ({ required: [name] })) };
}
