/** Header names as the answer has them; each may stand several times. */
export type ResponseHeaders = Record<string, string[]>;

const ALLOW_ORIGIN = 'access-control-allow-origin';
/** What keeps other pages from showing a picture. */
const RESOURCE_POLICY = 'cross-origin-resource-policy';

/** Whether an address is at one of the origins, which are written like `https://media.example:9000`. */
export function isAtOrigin(url: string, origins: readonly string[]): boolean {
  return URL.canParse(url) && origins.includes(new URL(url).origin);
}

/** The headers of an answer that `origin` may read and show, whatever the server says of other pages. */
export function allowReading(headers: Readonly<ResponseHeaders>, origin: string): ResponseHeaders {
  const replaced = { [ALLOW_ORIGIN]: [origin], [RESOURCE_POLICY]: ['cross-origin'] };
  const others = Object.entries(headers).filter(([name]) => !(name.toLowerCase() in replaced));
  return { ...Object.fromEntries(others), ...replaced };
}
