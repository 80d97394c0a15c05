import type { SettingsPatch } from '@reelmill/shared/contracts/desktop.ts';
import { notifyError } from '../feedback/notify.tsx';
import { changeSettings } from './settingsStore.ts';

/** Keeps a change at once; where that fails, the setting jumps back and a notice says why. */
export function keep(patch: SettingsPatch): void {
  changeSettings(patch).catch((error: unknown) => notifyError(error));
}
