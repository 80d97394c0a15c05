import { useMariaDb } from '../support/mariadb.ts';
import { describeAdministration } from './administration.ts';
import { describeRepositories, type RepositoryContract } from './repositories.ts';

const contract: RepositoryContract = {
  name: 'MariaDB',
  replicas: 4,
  async create() {
    const { url, dispose } = await useMariaDb();
    return { location: { url }, dispose };
  },
};

describeRepositories(contract);
describeAdministration(contract);
