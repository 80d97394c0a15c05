import { Input, SegmentedControl, Select, Switch } from '@mantine/core';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { LANGUAGES, type Language, type Settings } from '../../contracts/desktop.ts';
import { reportFailure } from '../feedback/notify.tsx';
import { useAppInfo } from './appInfoStore.ts';
import { GROUP_ROW, INPUT_ROW, SWITCH_ROW } from './rows.ts';
import { Section } from './Section.tsx';
import classes from './Settings.module.css';
import { updateSettings, useSettings } from './settingsStore.ts';

/** Each in its own language, for people who cannot read the present one. */
const LANGUAGE_NAMES: Record<Language, string> = { en: 'English', 'zh-CN': '简体中文' };
const THEMES = ['system', 'light', 'dark'] as const satisfies Array<Settings['theme']>;

/** General behaviour and appearance. */
export function GeneralSettings() {
  const { t } = useTranslation('settings');
  const { platform } = useAppInfo();
  const tray = platform === 'darwin' ? 'general.keepInTrayHintMac' : 'general.keepInTrayHint';
  return (
    <Section title={t('general.title')}>
      <SwitchRow
        name="notifications"
        label={t('general.notifications')}
        hint={t('general.notificationsHint')}
      />
      <SwitchRow name="keepInTray" label={t('general.keepInTray')} hint={t(tray)} />
      <SwitchRow name="openAtLogin" label={t('general.openAtLogin')} hint={t('general.openAtLoginHint')} />
      <LanguageRow />
      <ThemeRow />
    </Section>
  );
}

interface SwitchRowProps {
  name: 'notifications' | 'keepInTray' | 'openAtLogin';
  label: string;
  hint: string;
}

function SwitchRow({ name, label, hint }: SwitchRowProps) {
  const checked = useSettings((settings) => settings[name]);
  return (
    <Switch
      {...SWITCH_ROW}
      label={label}
      description={hint}
      checked={checked}
      onChange={(event) => reportFailure(updateSettings({ [name]: event.currentTarget.checked }))}
    />
  );
}

function LanguageRow() {
  const { t } = useTranslation('settings');
  const language = useSettings((settings) => settings.language);
  const choices: Array<{ value: Settings['language']; label: string }> = [
    { value: 'system', label: t('general.languageSystem') },
    ...LANGUAGES.map((value) => ({ value, label: LANGUAGE_NAMES[value] })),
  ];
  return (
    <Select
      {...INPUT_ROW}
      label={t('general.language')}
      data={choices}
      value={language}
      onChange={(chosen) => {
        const choice = choices.find(({ value }) => value === chosen);
        if (choice !== undefined) reportFailure(updateSettings({ language: choice.value }));
      }}
      allowDeselect={false}
      checkIconPosition="right"
    />
  );
}

function ThemeRow() {
  const { t } = useTranslation('settings');
  const theme = useSettings((settings) => settings.theme);
  const id = useId();
  return (
    <Input.Wrapper {...GROUP_ROW} id={id} label={t('general.theme')}>
      <SegmentedControl
        className={classes.control ?? ''}
        aria-labelledby={`${id}-label`}
        data={THEMES.map((value) => ({ value, label: t(`general.themes.${value}`) }))}
        value={theme}
        onChange={(chosen) => reportFailure(updateSettings({ theme: chosen }))}
      />
    </Input.Wrapper>
  );
}
