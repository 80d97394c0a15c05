import type { ModelAttributeColumnOptions, QueryInterface } from 'sequelize';

/*
 * Idempotent steps. MySQL commits each step separately, so an interrupted migration runs again from its beginning.
 * (`createTable` skips an existing table by itself.)
 */

export async function addColumn(
  schema: QueryInterface,
  table: string,
  column: string,
  options: ModelAttributeColumnOptions,
): Promise<void> {
  const columns = await schema.describeTable(table);
  if (columns[column] === undefined) await schema.addColumn(table, column, options);
}

/** Adds an index with the name that Sequelize would choose: table and fields. Does nothing where it exists. */
export async function addIndex(
  schema: QueryInterface,
  table: string,
  fields: string[],
  options: { unique?: boolean } = {},
): Promise<void> {
  const name = [table, ...fields].join('_');
  const indexes = await schema.showIndex(table);
  const isThere = Array.isArray(indexes) && indexes.some((index) => index.name === name);
  if (!isThere) await schema.addIndex(table, fields, { ...options, name });
}
