import { ReelmillError } from '../../runtime/errors.ts';

const MAX_KEY_BYTES = 1024;
const MAX_COMPONENT_BYTES = 255;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses
const FORBIDDEN = /[\u0000-\u001f\u007f\\]/;

/**
 * Refuses a key that any store could misread: absolute, empty or dotted components, backslashes, control characters,
 * more than 1024 bytes, a component of more than 255 bytes. Throws `validation_failed`.
 */
export function assertObjectKey(key: string): void {
  const fault = findKeyFault(key);
  if (fault) throw new ReelmillError('validation_failed', `This object key is not allowed: ${fault}.`);
}

function findKeyFault(key: string): string | undefined {
  if (key === '') return 'it is empty';
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `it is longer than ${MAX_KEY_BYTES} bytes`;
  if (!key.isWellFormed()) return 'it is not valid Unicode';
  if (FORBIDDEN.test(key)) return 'it holds a backslash or a control character';
  for (const component of key.split('/')) {
    if (component === '') return 'it has an empty component';
    if (component === '.' || component === '..') return `it has a component "${component}"`;
    if (Buffer.byteLength(component) > MAX_COMPONENT_BYTES)
      return `a component is longer than ${MAX_COMPONENT_BYTES} bytes`;
  }
  return undefined;
}
