import { HOSTILE_FILES } from '../support/hostileMedia.ts';
import { testHostileFiles } from '../support/hostileOutcomes.ts';

testHostileFiles(HOSTILE_FILES);
