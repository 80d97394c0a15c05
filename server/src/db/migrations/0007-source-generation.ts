import { DataTypes, type QueryInterface } from 'sequelize';
import { addColumn, addIndex } from './steps.ts';

export const name = '0007-source-generation';

/**
 * Videos keep which content of their source was accepted, the folder of their objects (null: the video's number, as
 * before), and the key that a single PUT can still reach until its URL expires. Safe to repeat.
 */
export async function up(schema: QueryInterface): Promise<void> {
  const text = (length: number) => ({ type: DataTypes.STRING(length), allowNull: true });
  const date = { type: DataTypes.DATE(3), allowNull: true };
  await addColumn(schema, 'videos', 'object_folder', text(64));
  await addColumn(schema, 'videos', 'source_etag', text(128));
  await addColumn(schema, 'videos', 'source_last_modified', date);
  await addColumn(schema, 'videos', 'put_key', text(255));
  await addColumn(schema, 'videos', 'put_ends_at', date);
  await addIndex(schema, 'videos', ['put_ends_at']);
}
