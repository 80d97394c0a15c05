const MIN_CHARACTERS = 16;
const MIN_DIFFERENT_CHARACTERS = 6;

/** What examples, manuals and images put where a secret belongs, without case and punctuation. */
const PLACEHOLDER =
  /^(change|replace|insert|your|example|placeholder|todo|xxx|secretof)|^(my|the|super)?(secret|password|passw0rd|passwd|pass|guest|admin|minioadmin|default|root|test|reelmill)+(key)?\d*$/;

export function isPlaceholder(secret: string): boolean {
  return PLACEHOLDER.test(secret.toLowerCase().replace(/[^a-z0-9]/g, ''));
}

/**
 * Returns why a secret must not be used, to be put behind its name, or null for a strong one. The text never contains the
 * secret.
 */
export function findWeakness(secret: string): string | null {
  if (isPlaceholder(secret)) return 'is a placeholder';
  if (secret.length < MIN_CHARACTERS) return `needs at least ${MIN_CHARACTERS} characters`;
  if (new Set(secret).size < MIN_DIFFERENT_CHARACTERS) return 'repeats too few characters';
  return null;
}

const SECRET_NAME = /(_PASSWORD|_SECRET|_TOKEN)$/;

/** Returns one line per fault of the secrets in an environment: weak ones, and those used twice. */
export function findSecretFaults(env: Readonly<Record<string, string | undefined>>): string[] {
  const firstWith = new Map<string, string>();
  return Object.entries(env).flatMap(([name, secret = '']) => {
    if (!SECRET_NAME.test(name)) return [];
    const weakness = findWeakness(secret);
    if (weakness !== null) return [`${name} ${weakness}`];
    const other = firstWith.get(secret);
    firstWith.set(secret, name);
    return other === undefined ? [] : [`${name} is the same as ${other}`];
  });
}
