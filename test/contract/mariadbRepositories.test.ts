import { useMariaDb } from '../support/mariadb.ts';
import { describeRepositories } from './repositories.ts';

describeRepositories({
  name: 'MariaDB',
  replicas: 4,
  async create() {
    const { url, dispose } = await useMariaDb();
    return { location: { url }, dispose };
  },
});
