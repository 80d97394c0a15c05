import type { IncomingMessage } from 'node:http';
import axios, { type AxiosRequestConfig, isAxiosError } from 'axios';

/** What axios would add by itself is switched off: the headers sent are those that are given, and Node's own. */
const NO_HEADERS = { accept: false, 'accept-encoding': false, 'content-type': false, 'user-agent': false };

const client = axios.create({
  adapter: 'http',
  responseType: 'stream',
  decompress: false,
  maxRedirects: 0,
  validateStatus: null,
  transformRequest: [],
  headers: NO_HEADERS,
});

export type PlainRequest = Pick<AxiosRequestConfig, 'httpAgent' | 'httpsAgent' | 'proxy' | 'signal'> & {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  data?: string;
};

/**
 * Sends a request as it is given and returns what `read` makes of its response, of whatever status. Follows no redirects
 * and undoes no encoding. `proxy: false` keeps axios from the proxies that the environment names; an agent with proxies of
 * its own needs it left out. Throws Node's own errors: those of axios hold the request, with its tokens and passwords.
 */
export async function sendRequest<T>(
  request: PlainRequest,
  read: (response: IncomingMessage) => Promise<T>,
): Promise<T> {
  try {
    const { data } = await client.request<IncomingMessage>(request);
    return await read(data);
  } catch (error) {
    throw isAxiosError(error) ? (error.cause ?? new Error(error.message)) : error;
  }
}
