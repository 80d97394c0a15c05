import { describeAdministration } from './administration.ts';
import { describeRepositories } from './repositories.ts';
import { sqliteContract } from './sqliteContract.ts';

describeRepositories(sqliteContract);
describeAdministration(sqliteContract);
