import type { ModelAttributeColumnOptions, QueryInterface } from 'sequelize';

/*
 * Steps that pass over what is there. MySQL commits every one by itself, so a migration that died half way is run again
 * from its beginning. (`createTable` passes over a table by itself.)
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

/** Named as Sequelize names them: the table and the fields. */
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
