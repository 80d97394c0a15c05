import type { library as english } from '../en/library.ts';
import type { OnePluralForm } from '../translation.ts';

export const library: OnePluralForm<typeof english> = {};
