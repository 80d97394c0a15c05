import type { settings as english } from '../en/settings.ts';
import type { OnePluralForm } from '../translation.ts';

export const settings: OnePluralForm<typeof english> = {};
