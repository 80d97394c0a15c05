import { DataTypes, type QueryInterface } from 'sequelize';

export const name = '0002-fingerprints';

/** Videos remember what file they came of, also after their upload is over. Safe to repeat: MySQL commits every step. */
export async function up(schema: QueryInterface): Promise<void> {
  const columns = await schema.describeTable('videos');
  if (columns.fingerprint === undefined) {
    await schema.addColumn('videos', 'fingerprint', { type: DataTypes.STRING(64), allowNull: true });
  }
  // those that are being uploaded just now
  await schema.sequelize.query(
    'UPDATE videos SET fingerprint = (SELECT fingerprint FROM uploads WHERE uploads.video_id = videos.id) ' +
      'WHERE fingerprint IS NULL',
  );
  const indexes = await schema.showIndex('videos');
  const isThere =
    Array.isArray(indexes) && indexes.some((index) => index.name === 'videos_user_id_fingerprint');
  if (!isThere) await schema.addIndex('videos', ['user_id', 'fingerprint']);
}
