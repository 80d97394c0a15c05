import { DataTypes, type QueryInterface } from 'sequelize';
import { addColumn } from './steps.ts';

export const name = '0019-worker-ffmpeg';

/** Workers report their version of ffmpeg; older versions do not. Safe to repeat. */
export async function up(schema: QueryInterface): Promise<void> {
  await addColumn(schema, 'workers', 'ffmpeg_version', { type: DataTypes.STRING(64), allowNull: true });
}
