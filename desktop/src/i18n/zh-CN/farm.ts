import type { farm as english } from '../en/farm.ts';
import type { OnePluralForm } from '../translation.ts';

export const farm: OnePluralForm<typeof english> = {};
