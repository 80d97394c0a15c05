import { PasswordInput } from '@mantine/core';
import { IconEye, IconEyeOff } from '@tabler/icons-react';
import { type RefObject, useState } from 'react';
import { useTranslation } from 'react-i18next';

interface PasswordFieldProps {
  /** In place of the default label. */
  label?: string;
  value: string;
  /** Whether it is a new password, for password managers. */
  isNew: boolean;
  error: string | null;
  input: RefObject<HTMLInputElement | null>;
  /** Focused when its dialog opens. */
  autoFocus?: boolean;
  onChange: (value: string) => void;
}

export function PasswordField({
  label,
  value,
  isNew,
  error,
  input,
  autoFocus = false,
  onChange,
}: PasswordFieldProps) {
  const { t } = useTranslation('signIn');
  const [visible, setVisible] = useState(false);
  return (
    <PasswordInput
      ref={input}
      label={label ?? t('password.label')}
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
      data-autofocus={autoFocus || undefined}
      autoComplete={isNew ? 'new-password' : 'current-password'}
      visible={visible}
      onVisibilityChange={setVisible}
      visibilityToggleFocusable
      visibilityToggleIcon={RevealSymbol}
      visibilityToggleButtonProps={{
        'aria-label': t(visible ? 'password.hide' : 'password.show'),
        // the label has the same text
        'aria-pressed': undefined,
        size: 'sm',
      }}
    />
  );
}

function RevealSymbol({ reveal }: { reveal: boolean }) {
  const Icon = reveal ? IconEyeOff : IconEye;
  return <Icon size={18} stroke={1.75} aria-hidden="true" />;
}
