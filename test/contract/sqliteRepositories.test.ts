import path from 'node:path';
import { makeTemporaryFolder } from '../support/processes.ts';
import { describeRepositories } from './repositories.ts';

describeRepositories({
  name: 'SQLite',
  replicas: 1,
  async create() {
    const folder = await makeTemporaryFolder('sqlite');
    return { location: { sqliteFile: path.join(folder.path, 'test.db') }, dispose: () => folder.remove() };
  },
});
