import { DataTypes, type QueryInterface } from 'sequelize';
import { addColumn } from './steps.ts';

export const name = '0016-damaged-tries';

/** Tasks count attempts with damaged output separately from other farm faults. Safe to repeat. */
export async function up(schema: QueryInterface): Promise<void> {
  await addColumn(schema, 'tasks', 'damaged_tries', {
    type: DataTypes.INTEGER,
    allowNull: false,
    defaultValue: 0,
  });
}
