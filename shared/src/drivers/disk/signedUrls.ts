import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a signed URL allows. */
export type Grant =
  | { verb: 'get'; key: string; contentType: string | undefined }
  | { verb: 'put'; key: string; maxBytes: number | undefined }
  | { verb: 'part'; uploadId: string; partNumber: number; sizeBytes: number | undefined };

/** The path and query of a signed URL, to be put behind a base URL. It ends to be valid at `expiresAt` (unix seconds). */
export function signGrant(secret: string, grant: Grant, expiresAt: number): string {
  const query = new URLSearchParams({ expires: String(expiresAt) });
  if (grant.verb === 'get' && grant.contentType !== undefined) query.set('type', grant.contentType);
  if (grant.verb === 'put' && grant.maxBytes !== undefined) query.set('max', String(grant.maxBytes));
  if (grant.verb === 'part' && grant.sizeBytes !== undefined) query.set('size', String(grant.sizeBytes));
  query.set('signature', signatureOf(secret, grant, expiresAt).toString('hex'));
  return `${pathOf(grant)}?${query}`;
}

/**
 * Reads a request's path and query. `elsewhere` is no path of the store, `refused` has a signature that is missing,
 * altered, expired or made for another method; otherwise returns what the URL allows.
 */
export function readGrant(
  secret: string,
  request: { method: string; url: string; nowSeconds: number },
): Grant | 'refused' | 'elsewhere' {
  const [pathname = '', search = ''] = request.url.split('?', 2);
  if (!/^\/(objects|uploads)\//.test(pathname)) return 'elsewhere';
  const query = new URLSearchParams(search);
  const grant = parseGrant(request.method, pathname, query);
  const expires = query.get('expires') ?? '';
  if (!grant || !/^\d{1,12}$/.test(expires)) return 'refused';
  const expected = signatureOf(secret, grant, Number(expires));
  const signature = query.get('signature') ?? '';
  // what is no digit ends the reading of hexadecimal, and would go unnoticed behind it
  if (!/^[0-9a-f]{64}$/.test(signature)) return 'refused';
  const given = Buffer.from(signature, 'hex');
  const genuine = given.length === expected.length && timingSafeEqual(given, expected);
  return genuine && request.nowSeconds < Number(expires) ? grant : 'refused';
}

function parseGrant(method: string, pathname: string, query: URLSearchParams): Grant | undefined {
  const [, root, ...encoded] = pathname.split('/');
  let components: string[];
  try {
    components = encoded.map(decodeURIComponent);
  } catch {
    return undefined;
  }
  if (root === 'uploads') {
    const [uploadId = '', partNumber = ''] = components;
    if (method !== 'PUT' || components.length !== 2 || !/^\d{1,5}$/.test(partNumber)) return undefined;
    return { verb: 'part', uploadId, partNumber: Number(partNumber), sizeBytes: numberIn(query, 'size') };
  }
  const key = components.join('/');
  if (method === 'PUT') return { verb: 'put', key, maxBytes: numberIn(query, 'max') };
  if (method === 'GET' || method === 'HEAD')
    return { verb: 'get', key, contentType: query.get('type') ?? undefined };
  return undefined;
}

function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  return text === null ? undefined : Number(text);
}

function pathOf(grant: Grant): string {
  if (grant.verb === 'part') return `/uploads/${encodeURIComponent(grant.uploadId)}/${grant.partNumber}`;
  return `/objects/${grant.key.split('/').map(encodeURIComponent).join('/')}`;
}

function signatureOf(secret: string, grant: Grant, expiresAt: number): Buffer {
  return createHmac('sha256', secret)
    .update(JSON.stringify([...fieldsOf(grant), expiresAt]))
    .digest();
}

function fieldsOf(grant: Grant): (string | number | null)[] {
  if (grant.verb === 'get') return [grant.verb, grant.key, grant.contentType ?? null];
  if (grant.verb === 'put') return [grant.verb, grant.key, grant.maxBytes ?? null];
  const { verb, uploadId, partNumber, sizeBytes } = grant;
  // URLs that were signed without a size stay valid
  return sizeBytes === undefined ? [verb, uploadId, partNumber] : [verb, uploadId, partNumber, sizeBytes];
}
