import { describeSchema } from './schema.ts';
import { sqliteContract } from './sqliteContract.ts';

describeSchema(sqliteContract);
