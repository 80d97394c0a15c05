import { mariaDbContract } from './mariadbContract.ts';
import { describeSchema } from './schema.ts';

describeSchema(mariaDbContract);
