import { describeAdministration } from './administration.ts';
import { mariaDbContract } from './mariadbContract.ts';
import { describeRepositories } from './repositories.ts';

describeRepositories(mariaDbContract);
describeAdministration(mariaDbContract);
