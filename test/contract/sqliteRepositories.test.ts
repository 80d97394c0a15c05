import path from 'node:path';
import { makeTemporaryFolder } from '../support/processes.ts';
import { describeAdministration } from './administration.ts';
import { describeRepositories, type RepositoryContract } from './repositories.ts';

const contract: RepositoryContract = {
  name: 'SQLite',
  replicas: 1,
  async create() {
    const folder = await makeTemporaryFolder('sqlite');
    return { location: { sqliteFile: path.join(folder.path, 'test.db') }, dispose: () => folder.remove() };
  },
};

describeRepositories(contract);
describeAdministration(contract);
