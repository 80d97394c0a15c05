/**
 * Returns what the page may load and run: its own files, styles with the nonce of this load, and media of the
 * server that the user is signed in to. `mediaOrigins` are origins such as `https://media.example:9000`.
 */
export function contentSecurityPolicy(nonce: string, mediaOrigins: readonly string[]): string {
  const origins = mediaOrigins.filter(isOrigin);
  const directives: Record<string, readonly string[]> = {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'", `'nonce-${nonce}'`],
    'font-src': ["'self'"],
    'img-src': ["'self'", 'data:', 'blob:', ...origins],
    'media-src': ['blob:'],
    'connect-src': ["'self'", ...origins],
    'worker-src': ['blob:', "'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  };
  return Object.entries(directives)
    .map(([name, sources]) => [name, ...sources].join(' '))
    .join('; ');
}

/** The origins come from the server: anything but a plain origin could add further directives. */
function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
