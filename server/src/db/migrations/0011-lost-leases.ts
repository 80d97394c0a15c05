import { DataTypes, type QueryInterface } from 'sequelize';
import { addColumn } from './steps.ts';

export const name = '0011-lost-leases';

/** Tasks count separately how often their programs died and how many leases in a row were lost. */
export async function up(schema: QueryInterface): Promise<void> {
  const count = { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 };
  await addColumn(schema, 'tasks', 'program_deaths', { ...count });
  await addColumn(schema, 'tasks', 'lost_leases', { ...count });
}
