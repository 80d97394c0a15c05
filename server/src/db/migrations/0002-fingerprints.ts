import { DataTypes, type QueryInterface } from 'sequelize';
import { addColumn, addIndex } from './steps.ts';

export const name = '0002-fingerprints';

/** Videos keep the fingerprint of their file after the upload has ended. */
export async function up(schema: QueryInterface): Promise<void> {
  await addColumn(schema, 'videos', 'fingerprint', { type: DataTypes.STRING(64), allowNull: true });
  // videos whose upload is open
  await schema.sequelize.query(
    'UPDATE videos SET fingerprint = (SELECT fingerprint FROM uploads WHERE uploads.video_id = videos.id) ' +
      'WHERE fingerprint IS NULL',
  );
  await addIndex(schema, 'videos', ['user_id', 'fingerprint']);
}
