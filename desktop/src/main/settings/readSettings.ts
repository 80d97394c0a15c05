import type { z } from 'zod';
import {
  DEFAULT_APP_SETTINGS,
  rateScheduleSchema,
  type Settings,
  settingsSchema,
} from '../../contracts/desktop.ts';

/** Returns the settings in a file: each field's value where it is valid, and otherwise its default. */
export function readSettings(text: string): Settings {
  const found = asRecord(parseJson(text));
  const read = readFields(settingsSchema.shape, DEFAULT_APP_SETTINGS, found);
  return {
    ...read,
    schedule: readFields(rateScheduleSchema.shape, DEFAULT_APP_SETTINGS.schedule, asRecord(found.schedule)),
    watchFolder: readFields(
      settingsSchema.shape.watchFolder.shape,
      DEFAULT_APP_SETTINGS.watchFolder,
      asRecord(found.watchFolder),
    ),
  };
}

function readFields<T extends object>(
  schemas: { [Field in keyof T]: z.ZodType<T[Field]> },
  defaults: T,
  found: Record<string, unknown>,
): T {
  const read = { ...defaults };
  // Object.keys widens to string[]
  for (const field of Object.keys(defaults) as (keyof T & string)[]) {
    const parsed = schemas[field].safeParse(found[field]);
    if (parsed.success) read[field] = parsed.data;
  }
  return read;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
