import { DataTypes, type QueryInterface } from 'sequelize';

export const name = '0012-worker-confinement';

/** Workers report how their programs are confined; older versions do not. Safe to repeat. */
export async function up(schema: QueryInterface): Promise<void> {
  const columns = await schema.describeTable('workers');
  if (columns.confinement === undefined) {
    await schema.addColumn('workers', 'confinement', { type: DataTypes.TEXT, allowNull: true });
  }
}
