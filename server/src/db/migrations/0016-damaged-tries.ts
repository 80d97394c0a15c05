import { DataTypes, type QueryInterface } from 'sequelize';
import { addColumn } from './steps.ts';

export const name = '0016-damaged-tries';

/** Tasks count the tries that came out damaged by themselves, beside the other faults of the farm. Safe to repeat. */
export async function up(schema: QueryInterface): Promise<void> {
  await addColumn(schema, 'tasks', 'damaged_tries', {
    type: DataTypes.INTEGER,
    allowNull: false,
    defaultValue: 0,
  });
}
