import { LARGE_HOSTILE_FILES } from '../support/hostileMedia.ts';
import { testHostileFiles } from '../support/hostileOutcomes.ts';

testHostileFiles(LARGE_HOSTILE_FILES);
