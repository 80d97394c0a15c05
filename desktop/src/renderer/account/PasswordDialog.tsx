import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { notifyDone } from '../feedback/notify.tsx';
import { useAction } from '../feedback/useAction.ts';
import { FormProblem } from './FormProblem.tsx';
import { PasswordField } from './PasswordField.tsx';
import {
  checkPasswordChange,
  type PasswordChange,
  type PasswordProblems,
  placeChangeFailure,
} from './problems.ts';
import { changePassword, useAccount } from './sessionStore.ts';
import { useProblemText } from './useProblemText.ts';

interface PasswordDialogProps {
  opened: boolean;
  onClose: () => void;
}

/** The dialog to change the password. */
export function PasswordDialog({ opened, onClose }: PasswordDialogProps) {
  const { t } = useTranslation('signIn');
  const { t: common } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('change.title')}
      size="sm"
      closeButtonProps={{ 'aria-label': common('action.close') }}
    >
      <PasswordForm onClose={onClose} />
    </Modal>
  );
}

function PasswordForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('signIn');
  const problemText = useProblemText();
  const isTemporary = useAccount()?.passwordTemporary ?? false;
  const form = usePasswordForm(onClose);
  return (
    <form noValidate onSubmit={form.submit}>
      <Stack gap="sm">
        <Text size="sm">{t(isTemporary ? 'change.temporary' : 'change.hint')}</Text>
        <PasswordField
          label={t('change.current')}
          input={form.current}
          value={form.entered.current}
          isNew={false}
          autoFocus
          error={problemText(form.problems.current)}
          onChange={(value) => form.enter('current', value)}
        />
        <PasswordField
          label={t('change.next')}
          input={form.next}
          value={form.entered.next}
          isNew
          error={problemText(form.problems.next)}
          onChange={(value) => form.enter('next', value)}
        />
        <FormProblem text={problemText(form.problems.form)} />
      </Stack>
      <Group justify="flex-end" mt="md" gap="sm">
        <Button variant="default" onClick={onClose}>
          {t(isTemporary ? 'change.later' : 'change.cancel')}
        </Button>
        <Button type="submit" loading={form.pending}>
          {t('change.confirm')}
        </Button>
      </Group>
    </form>
  );
}

/** What is typed, what is wrong with it, and what is sent. */
function usePasswordForm(onDone: () => void) {
  const { t } = useTranslation('signIn');
  const current = useRef<HTMLInputElement>(null);
  const next = useRef<HTMLInputElement>(null);
  const [entered, setEntered] = useState<PasswordChange>({ current: '', next: '' });
  const [problems, setProblems] = useState<PasswordProblems>({});

  const show = (found: PasswordProblems): void => {
    setProblems(found);
    if (found.current !== undefined) current.current?.focus();
    else if (found.next !== undefined) next.current?.focus();
  };
  const change = useAction(changePassword, (error) => show(placeChangeFailure(error)));

  const enter = (field: keyof PasswordChange, value: string): void => {
    setEntered((before) => ({ ...before, [field]: value }));
    setProblems(({ [field]: _, form: __, ...others }) => others);
  };
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const found = checkPasswordChange(entered);
    show(found);
    if (Object.keys(found).length > 0 || !(await change.run(entered))) return;
    onDone();
    notifyDone(t('change.done'));
  };
  return { current, next, entered, problems, pending: change.pending, enter, submit };
}
