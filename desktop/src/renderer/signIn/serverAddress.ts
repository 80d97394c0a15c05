/** The host and port of an address, as people tell servers apart; the text itself where it is no address. */
export function hostOf(serverUrl: string): string {
  return URL.canParse(serverUrl) ? new URL(serverUrl).host : serverUrl;
}
