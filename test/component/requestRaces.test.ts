import { after, before, describe } from 'node:test';
import { openMariaDbStage, openSqliteStage, type RaceStage } from '../support/raceStage.ts';
import { accountRaces } from './requestRaces/accountRaces.ts';
import { hostileText } from './requestRaces/hostileText.ts';
import { limitRaces } from './requestRaces/limitRaces.ts';
import { videoRaces } from './requestRaces/videoRaces.ts';

const STAGES = { 'one server on SQLite': openSqliteStage, 'two servers on MariaDB': openMariaDbStage };

for (const [name, open] of Object.entries(STAGES)) {
  describe(`requests at once, ${name}`, () => {
    let stage: RaceStage;
    before(async () => {
      stage = await open();
    });
    after(() => stage?.close());
    videoRaces(() => stage);
    accountRaces(() => stage);
    limitRaces(() => stage);
    hostileText(() => stage);
  });
}
