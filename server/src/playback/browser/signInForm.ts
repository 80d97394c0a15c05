import { setVisible } from '@reelmill/shared/player/elements.ts';
import { find } from './find.ts';
import { ApiError } from './videoClient.ts';

/** The form in place of a private video; it is hidden when `signIn` has succeeded. */
export class SignInForm {
  readonly #section = find('#sign-in', HTMLElement);
  readonly #form = find('#sign-in form', HTMLFormElement);
  readonly #email = find('#email', HTMLInputElement);
  readonly #password = find('#password', HTMLInputElement);
  readonly #submit = find('#sign-in button', HTMLButtonElement);
  readonly #problem = find('#sign-in-problem', HTMLElement);
  readonly #signIn: (email: string, password: string) => Promise<void>;

  constructor(signIn: (email: string, password: string) => Promise<void>) {
    this.#signIn = signIn;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#submit.disabled = true;
    this.#problem.textContent = '';
    try {
      await this.#signIn(this.#email.value, this.#password.value);
      this.#form.reset();
      setVisible(this.#section, false);
    } catch (error) {
      this.#problem.textContent = formatError(error);
      this.#password.focus();
    } finally {
      this.#submit.disabled = false;
    }
  }
}

function formatError(error: unknown): string {
  if (!(error instanceof ApiError)) return 'Something went wrong on this page. Reload it and try again.';
  if (error.code === 'network') return 'The server does not respond. Check your connection.';
  if (error.status === 404) return 'This account does not have this video.';
  return error.message;
}
