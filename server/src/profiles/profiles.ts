import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { distributed } from './distributed.ts';
import type { Profile } from './profile.ts';
import { standalone } from './standalone.ts';

/** The profiles by their names. */
export const PROFILES: Record<ServerConfig['REELMILL_PROFILE'], Profile> = { standalone, distributed };
