/** The host and port of an address, as people tell servers apart; the text itself where it is no address. */
export function hostOf(serverUrl: string): string {
  return URL.canParse(serverUrl) ? new URL(serverUrl).host : serverUrl;
}

/** Whether what is sent to this address could be read on its way: plain http to another machine. */
export function isReadableOnTheWay(serverUrl: string): boolean {
  if (!URL.canParse(serverUrl)) return false;
  const { protocol, hostname } = new URL(serverUrl);
  const isThisMachine = hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
  return protocol === 'http:' && !isThisMachine;
}
