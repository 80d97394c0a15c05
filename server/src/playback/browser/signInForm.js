import { show } from './elements.js';
import { find } from './find.js';
import { CallError } from './videoClient.js';

/** The form in place of a private video; it goes away when `signIn` has succeeded. */
export class SignInForm {
  #section = find('#sign-in', HTMLElement);
  #form = find('#sign-in form', HTMLFormElement);
  #email = find('#email', HTMLInputElement);
  #password = find('#password', HTMLInputElement);
  #submit = find('#sign-in button', HTMLButtonElement);
  #problem = find('#sign-in-problem', HTMLElement);
  #signIn;

  /** @param {(email: string, password: string) => Promise<void>} signIn */
  constructor(signIn) {
    this.#signIn = signIn;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  async #send() {
    this.#submit.disabled = true;
    this.#problem.textContent = '';
    try {
      await this.#signIn(this.#email.value, this.#password.value);
      this.#form.reset();
      show(this.#section, false);
    } catch (error) {
      this.#problem.textContent = describe(error);
      this.#password.focus();
    } finally {
      this.#submit.disabled = false;
    }
  }
}

/** @param {unknown} error */
function describe(error) {
  if (!(error instanceof CallError)) return 'Something went wrong on this page. Reload it and try again.';
  if (error.code === 'network') return 'No answer from the server. Check your connection.';
  if (error.status === 404) return 'This account has no such video.';
  return error.message;
}
