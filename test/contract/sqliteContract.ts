import path from 'node:path';
import { makeTemporaryFolder } from '../support/processes.ts';
import type { RepositoryContract } from './repositories.ts';

export const sqliteContract: RepositoryContract = {
  name: 'SQLite',
  replicas: 1,
  async create() {
    const folder = await makeTemporaryFolder('sqlite');
    return { location: { sqliteFile: path.join(folder.path, 'test.db') }, dispose: () => folder.remove() };
  },
};
