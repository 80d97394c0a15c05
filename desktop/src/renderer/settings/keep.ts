import type { SettingsPatch } from '../../contracts/desktop.ts';
import { notifyError } from '../feedback/notify.tsx';
import { changeSettings } from '../stores/settings.ts';

/** Keeps a change at once; where that fails, the setting jumps back and a notice says why. */
export function keep(patch: SettingsPatch): void {
  changeSettings(patch).catch((error: unknown) => notifyError(error));
}
