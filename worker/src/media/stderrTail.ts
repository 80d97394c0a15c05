import { redactUrls } from '@reelmill/shared/runtime/redact.ts';

const MAX_CHARACTERS = 8_192;
const MAX_LINES = 40;

/** Keeps the end of what a program wrote to standard error, however much that was. */
export class StderrTail {
  #text = '';

  push(chunk: string): void {
    this.#text = (this.#text + chunk).slice(-MAX_CHARACTERS);
  }

  /** The last lines, with signatures cut out of URLs. */
  toString(): string {
    return redactUrls(this.#text.trim().split('\n').slice(-MAX_LINES).join('\n'));
  }
}
