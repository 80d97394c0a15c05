/*
 * Names in the messages between servers and workers that were changed in this version. Both versions run side by side while
 * a farm is upgraded: this one reads both names and writes the earlier one, which every peer knows. The next version
 * writes the new names (docs/decisions/0008-renaming-in-messages.md). The code knows the new names only.
 */

const EVENT_VALUES = [
  { field: 'type', earlier: 'handed_back', name: 'released' },
  { field: 'state', earlier: 'sick', name: 'unhealthy' },
] as const;

const TASK_FIELDS = [{ earlier: 'notWorkers', name: 'excludedWorkers' }] as const;

/** Returns an event as it arrived with the names of this version; what is no object is returned as it is. */
export function readEventNames(event: unknown): unknown {
  return mapFields(event, (field, value) => {
    const renamed = EVENT_VALUES.find((known) => known.field === field && known.earlier === value);
    return [field, renamed?.name ?? value];
  });
}

/** Returns an event as it is sent. */
export function writeEventNames(event: unknown): unknown {
  return mapFields(event, (field, value) => {
    const renamed = EVENT_VALUES.find((known) => known.field === field && known.name === value);
    return [field, renamed?.earlier ?? value];
  });
}

/** Returns a task as it arrived with the names of this version; what is no object is returned as it is. */
export function readTaskNames(task: unknown): unknown {
  return mapFields(task, (field, value) => [
    TASK_FIELDS.find(({ earlier }) => earlier === field)?.name ?? field,
    value,
  ]);
}

/** Returns a task as it is sent. */
export function writeTaskNames(task: unknown): unknown {
  return mapFields(task, (field, value) => [
    TASK_FIELDS.find(({ name }) => name === field)?.earlier ?? field,
    value,
  ]);
}

function mapFields(message: unknown, map: (field: string, value: unknown) => [string, unknown]): unknown {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return message;
  return Object.fromEntries(Object.entries(message).map(([field, value]) => map(field, value)));
}
