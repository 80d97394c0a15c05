/** Returns the host and port of a server address; the text itself where it is not a URL. */
export function hostOf(serverUrl: string): string {
  return URL.canParse(serverUrl) ? new URL(serverUrl).host : serverUrl;
}

/** Whether data sent to this address is unencrypted: plain http to another machine. */
export function isReadableOnTheWay(serverUrl: string): boolean {
  if (!URL.canParse(serverUrl)) return false;
  const { protocol, hostname } = new URL(serverUrl);
  const isThisMachine = hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
  return protocol === 'http:' && !isThisMachine;
}
