import { Anchor, Button, Checkbox, Stack, TextInput } from '@mantine/core';
import { type FormEvent, type RefObject, useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { FormProblem } from '../account/FormProblem.tsx';
import { PasswordField } from '../account/PasswordField.tsx';
import type { Field, Problems } from '../account/problems.ts';
import { useProblemText } from '../account/useProblemText.ts';
import { useStaySignedIn } from '../settings/useStaySignedIn.ts';
import { ServerField } from './ServerField.tsx';
import type { SignInForm as Form } from './useSignInForm.ts';

const FIELDS: readonly Field[] = ['serverUrl', 'nickname', 'email', 'password'];
type Inputs = Record<Field, RefObject<HTMLInputElement | null>>;

/** The fields, in the order in which people fill them in. */
export function SignInForm({ form }: { form: Form }) {
  const { t } = useTranslation('signIn');
  const problemText = useProblemText();
  const inputs = useInputs();
  const stay = useStaySignedIn();
  const { mode, entered, problems, probe } = form;
  useFirstFocus(inputs, form);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    focusFirst(inputs, await form.submit());
  };
  const registrationIsOpen = probe.status === 'found' && probe.info.registration === 'open';
  return (
    <form noValidate onSubmit={submit} aria-label={t(mode === 'signIn' ? 'form' : 'registerForm')}>
      <Stack gap="sm">
        <ServerField
          input={inputs.serverUrl}
          value={entered.serverUrl}
          probe={probe}
          error={problemText(problems.serverUrl)}
          onChange={(value) => form.enter('serverUrl', value)}
          onBlur={() => void form.probeServer()}
        />
        {mode === 'register' && (
          <TextInput
            ref={inputs.nickname}
            label={t('nickname.label')}
            value={entered.nickname}
            error={problemText(problems.nickname)}
            onChange={(event) => form.enter('nickname', event.currentTarget.value)}
            autoComplete="nickname"
          />
        )}
        <TextInput
          ref={inputs.email}
          type="email"
          label={t('email.label')}
          value={entered.email}
          error={problemText(problems.email)}
          onChange={(event) => form.enter('email', event.currentTarget.value)}
          autoComplete="username"
          spellCheck={false}
        />
        <PasswordField
          input={inputs.password}
          value={entered.password}
          isNew={mode === 'register'}
          error={problemText(problems.password)}
          onChange={(value) => form.enter('password', value)}
        />
        <Checkbox mt={4} {...stay} />
        <FormProblem text={problemText(problems.form)} />
        <Button type="submit" size="md" loading={form.pending} fullWidth>
          {t(mode === 'signIn' ? 'submit' : 'registerSubmit')}
        </Button>
        {(registrationIsOpen || mode === 'register') && (
          <Anchor
            component="button"
            type="button"
            size="sm"
            mx="auto"
            onClick={() => form.setMode(mode === 'signIn' ? 'register' : 'signIn')}
          >
            {t(mode === 'signIn' ? 'toRegister' : 'toSignIn')}
          </Anchor>
        )}
      </Stack>
    </form>
  );
}

function useInputs(): Inputs {
  const serverUrl = useRef<HTMLInputElement>(null);
  const nickname = useRef<HTMLInputElement>(null);
  const email = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  return useMemo(() => ({ serverUrl, nickname, email, password }), []);
}

/** Focuses the first empty field, and checks the server that was used last. */
function useFirstFocus(inputs: Inputs, form: Form): void {
  const done = useRef(false);
  useEffect(() => {
    if (done.current) return;
    done.current = true;
    const remembered = form.entered.serverUrl !== '';
    inputs[remembered ? 'email' : 'serverUrl'].current?.focus();
    void form.probeServer();
  }, [inputs, form]);
}

function focusFirst(inputs: Inputs, problems: Problems): void {
  const field = FIELDS.find((one) => problems[one] !== undefined);
  if (field !== undefined) inputs[field].current?.focus();
}
