import { DataTypes, type QueryInterface } from 'sequelize';

export const name = '0006-traces';

/** Tasks keep the trace that they belong to, and have an index by state and end. Safe to repeat. */
export async function up(schema: QueryInterface): Promise<void> {
  const columns = await schema.describeTable('tasks');
  if (columns.traceparent === undefined) {
    await schema.addColumn('tasks', 'traceparent', { type: DataTypes.STRING(55), allowNull: true });
  }
  const indexes = await schema.showIndex('tasks');
  const isThere = Array.isArray(indexes) && indexes.some((index) => index.name === 'tasks_state_finished_at');
  if (!isThere) await schema.addIndex('tasks', ['state', 'finished_at']);
}
