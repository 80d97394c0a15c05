/** The nonce with which this load of the page may add styles; the main process put it into the page. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}

/** Gives the nonce to the library that keeps the page from scrolling behind a dialog: it looks for this name. */
export function publishStyleNonce(): void {
  Object.defineProperty(globalThis, '__webpack_nonce__', { value: styleNonce() });
}
