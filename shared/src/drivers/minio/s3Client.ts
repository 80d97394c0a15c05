import http from 'node:http';
import https from 'node:https';
import { Client } from 'minio';
import type { StoredPart } from '../../ports/objectStore.ts';
import { type PresignedRequest, presignUrl } from './presign.ts';
import { s3CodeOf } from './s3Errors.ts';

export interface S3Connection {
  /** `http://host:port` or `https://host`, without a path. */
  endpoint: string;
  accessKey: string;
  secretKey: string;
  region: string;
  /** A call whose connection is silent for so long fails; `SILENCE_MS` by default. */
  silenceMs?: number;
}

// a call whose connection is silent for so long fails; joining many parts takes a store several seconds
const SILENCE_MS = 60_000;
// servers close idle connections after 30 s or more; letting them go earlier avoids sending into a closed one
const IDLE_CONNECTION_MS = 15_000;
const MAX_CONNECTIONS = 64;

/** The minio client with its own connections, timeouts on every request, and all pages of a part list. */
export class S3Client extends Client {
  readonly agent: http.Agent | https.Agent;
  readonly #region: string;

  constructor({ endpoint, accessKey, secretKey, region, silenceMs }: S3Connection) {
    const url = new URL(endpoint);
    if (url.pathname !== '/') throw new TypeError(`The store's endpoint must not have a path: ${endpoint}`);
    const useSSL = url.protocol === 'https:';
    const agentOptions = { keepAlive: true, maxSockets: MAX_CONNECTIONS, timeout: IDLE_CONNECTION_MS };
    const agent = useSSL ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
    super({
      endPoint: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (useSSL ? 443 : 80) : Number(url.port),
      useSSL,
      accessKey,
      secretKey,
      // with a region given, signing needs no call to the store
      region,
      transportAgent: agent,
      transport: {
        // the client calls it with options and a callback only, which is one of its two overloads
        request: requestWithTimeout(useSSL ? https.request : http.request, silenceMs) as typeof http.request,
      },
      // callers decide about retries, and the library's own would print to the console
      retryOptions: { disableRetry: true },
    });
    this.agent = agent;
    this.#region = region;
  }

  async listStoredParts(bucket: string, key: string, uploadId: string): Promise<StoredPart[]> {
    const parts = await this.listParts(bucket, key, uploadId);
    return parts.map(({ part, size, etag }) => ({ partNumber: part, sizeBytes: size, etag }));
  }

  /** Whether the bucket exists, by a request that needs no right to list its objects. */
  async knowsBucket(bucket: string): Promise<boolean> {
    try {
      const response = await this.makeRequestAsync({ method: 'GET', bucketName: bucket, query: 'location' });
      response.resume();
      return true;
    } catch (error) {
      if (s3CodeOf(error) === 'NoSuchBucket') return false;
      throw error;
    }
  }

  /**
   * The `Date` of a response; null where there is none. The request is not signed: a store refuses signatures of a clock
   * that is wrong, but still sends its own time.
   */
  async readClock(): Promise<Date | null> {
    const { request = http.request } = this.transport;
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const { protocol, host: hostname, port, agent } = this;
      request({ protocol, hostname, port, path: '/', method: 'HEAD', agent }, resolve)
        .once('error', reject)
        .end();
    });
    response.resume();
    const time = Date.parse(response.headers.date ?? '');
    return Number.isNaN(time) ? null : new Date(time);
  }

  /** A URL that allows one request on an object to whoever has it, with exactly these `headers`. */
  presign(
    {
      bucket,
      key,
      ...request
    }: Pick<PresignedRequest, 'method' | 'query' | 'headers'> & {
      bucket: string;
      key: string;
    },
    expiresSeconds: number,
  ): string {
    const { method } = request;
    const { protocol, headers, path } = this.getRequestOptions({
      method,
      bucketName: bucket,
      objectName: key,
      region: this.#region,
    });
    return presignUrl(
      { ...request, origin: `${protocol}//${headers.host}`, path },
      { accessKey: this.accessKey, secretKey: this.secretKey, region: this.#region },
      { expiresSeconds, now: new Date() },
    );
  }

  close(): void {
    this.agent.destroy();
  }
}

type Request = (
  options: http.RequestOptions | string | URL,
  onResponse?: (response: http.IncomingMessage) => void,
) => http.ClientRequest;

/** A request function like Node's that fails when its connection is silent for so long. */
export function requestWithTimeout(request: Request, silenceMs = SILENCE_MS): Request {
  return (options, onResponse) => {
    const sent = request(options, onResponse);
    sent.setTimeout(silenceMs, () => {
      sent.destroy(Object.assign(new Error('the store does not respond'), { code: 'ETIMEDOUT' }));
    });
    return sent;
  };
}
