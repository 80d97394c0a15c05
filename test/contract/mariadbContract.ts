import { useMariaDb } from '../support/mariadb.ts';
import type { RepositoryContract } from './repositories.ts';

export const mariaDbContract: RepositoryContract = {
  name: 'MariaDB',
  replicas: 4,
  async create() {
    const { url, dispose } = await useMariaDb();
    return { location: { url }, dispose };
  },
};
