/** Header names as in the response; each may have several values. */
export type ResponseHeaders = Record<string, string[]>;

const ALLOW_ORIGIN = 'access-control-allow-origin';
/** The header that keeps other pages from showing a picture. */
const RESOURCE_POLICY = 'cross-origin-resource-policy';

/** Whether a URL has one of the origins, such as `https://media.example:9000`. */
export function isAtOrigin(url: string, origins: readonly string[]): boolean {
  return URL.canParse(url) && origins.includes(new URL(url).origin);
}

/** Returns the response headers with those that let `origin` read and show it. */
export function allowReading(headers: Readonly<ResponseHeaders>, origin: string): ResponseHeaders {
  const replaced = { [ALLOW_ORIGIN]: [origin], [RESOURCE_POLICY]: ['cross-origin'] };
  const others = Object.entries(headers).filter(([name]) => !(name.toLowerCase() in replaced));
  return { ...Object.fromEntries(others), ...replaced };
}
