import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import {
  type Credentials,
  checkCredentials,
  checkPasswordChange,
  placeChangeFailure,
  placeFailure,
  toProblem,
} from './problems.ts';

const FILLED: Credentials = {
  serverUrl: 'reelmill.example.com',
  nickname: 'Ada',
  email: 'ada@example.com',
  password: 'correct horse',
};

describe('the checks of the form', () => {
  test('finds no problem in a complete form', () => {
    assert.deepEqual(checkCredentials(FILLED, 'signIn'), {});
    assert.deepEqual(checkCredentials(FILLED, 'register'), {});
  });

  test('names every empty field', () => {
    const empty = { serverUrl: ' ', nickname: '', email: '', password: '' };
    assert.deepEqual(Object.keys(checkCredentials(empty, 'signIn')), ['serverUrl', 'email', 'password']);
    assert.deepEqual(Object.keys(checkCredentials(empty, 'register')), [
      'serverUrl',
      'nickname',
      'email',
      'password',
    ]);
  });

  test('distinguishes an incomplete e-mail address from a missing one', () => {
    assert.deepEqual(checkCredentials({ ...FILLED, email: 'ada@example' }, 'signIn'), {
      email: { text: 'email.invalid' },
    });
    assert.deepEqual(checkCredentials({ ...FILLED, email: ' ada@example.com ' }, 'signIn'), {});
  });

  test('has a minimum length for new passwords only', () => {
    const short = { ...FILLED, password: 'short' };
    assert.deepEqual(checkCredentials(short, 'signIn'), {});
    assert.deepEqual(checkCredentials(short, 'register'), {
      password: { text: 'password.tooShort', count: 8 },
    });
  });
});

describe('failures of the server', () => {
  const place = (...[code, message]: ConstructorParameters<typeof ReelmillError>) =>
    placeFailure(new ReelmillError(code, message));

  test('shows failures of the server at its address', () => {
    for (const code of [
      'not_a_server',
      'network',
      'timeout',
      'unavailable',
      'certificate_invalid',
    ] as const) {
      assert.deepEqual(Object.keys(place(code, 'x')), ['serverUrl'], code);
    }
  });

  test('has a text for each failure of the server', () => {
    const codes = ['validation_failed', 'not_a_server', 'network', 'timeout', 'unavailable'] as const;
    const texts = codes.map((code) => JSON.stringify(toProblem(new ReelmillError(code, ''))));
    assert.equal(new Set(texts).size, codes.length);
  });

  test('shows wrong credentials at the password, and a taken address at the e-mail', () => {
    assert.deepEqual(place('wrong_credentials', 'x'), { password: { text: 'problem.credentials' } });
    assert.deepEqual(place('email_taken', 'x'), { email: { code: 'email_taken', message: 'x' } });
  });

  test('shows an invalid argument at its field', () => {
    assert.deepEqual(place('validation_failed', 'email: must be an e-mail address'), {
      email: { text: 'email.invalid' },
    });
    assert.deepEqual(place('validation_failed', 'account.email: must be an e-mail address'), {
      email: { text: 'email.invalid' },
    });
    assert.deepEqual(place('validation_failed', 'serverUrl: must be an address'), {
      serverUrl: { text: 'problem.addressInvalid' },
    });
    assert.deepEqual(place('validation_failed', 'The server address must begin with https://.'), {
      serverUrl: { text: 'problem.addressInvalid' },
    });
  });

  test('shows how long to wait where the server said so', () => {
    assert.deepEqual(place('rate_limited', 'x'), { form: { text: 'problem.rateLimited' } });
    const wait = new ReelmillError('rate_limited', 'x', { retryAfterSeconds: 42 });
    assert.deepEqual(placeFailure(wait), { form: { text: 'problem.rateLimitedFor', seconds: 42 } });
  });

  test('shows other failures at the bottom of the form', () => {
    assert.deepEqual(place('account_disabled', 'Disabled.'), {
      form: { code: 'account_disabled', message: 'Disabled.' },
    });
    assert.deepEqual(Object.keys(placeFailure(new Error('x'))), ['form']);
  });
});

describe('changing the password', () => {
  test('requires the current password, and a minimum length of the new one', () => {
    assert.deepEqual(checkPasswordChange({ current: 'short', next: 'correct horse' }), {});
    assert.deepEqual(checkPasswordChange({ current: '', next: '' }), {
      current: { text: 'password.missing' },
      next: { text: 'password.tooShort', count: 8 },
    });
    assert.deepEqual(checkPasswordChange({ current: 'short', next: 'x'.repeat(201) }), {
      next: { text: 'password.tooLong', count: 200 },
    });
  });

  test('shows a rejection at its field', () => {
    const wrong = new ReelmillError('wrong_credentials', 'no');
    assert.deepEqual(placeChangeFailure(wrong), { current: { text: 'problem.currentPassword' } });
    const limited = new ReelmillError('rate_limited', 'no', { retryAfterSeconds: 9 });
    assert.deepEqual(placeChangeFailure(limited), { form: { text: 'problem.rateLimitedFor', seconds: 9 } });
    assert.deepEqual(placeChangeFailure(new ReelmillError('network', 'no')), {
      form: { text: 'problem.unreachable' },
    });
  });
});
