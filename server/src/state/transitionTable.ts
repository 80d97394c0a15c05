/** Which states may follow each state. */
export type TransitionTable = Readonly<Record<string, readonly string[]>>;

/** The states that may become `To`. */
export type StateBefore<Table extends TransitionTable, To extends string> = {
  [From in keyof Table & string]: To extends Table[From][number] ? From : never;
}[keyof Table & string];

/** Returns the states that may become `to`: the condition of the update that does it. */
export function statesBefore<Table extends TransitionTable, To extends keyof Table & string>(
  table: Table,
  to: To,
): StateBefore<Table, To>[] {
  // Object.keys widens to string[], and a filter narrows nothing
  return Object.keys(table).filter((from) => table[from]?.includes(to)) as StateBefore<Table, To>[];
}
