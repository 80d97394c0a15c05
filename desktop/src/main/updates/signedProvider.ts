import type { KeyObject } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import type { GenericProvider } from 'electron-updater/out/providers/GenericProvider.js';
import { assertSigned, UpdateRefusedError } from './updateSignature.ts';

const SIGNATURE = '.sig';
const NOT_FOUND = 404;

/**
 * electron-updater's provider of a plain web server, which passes a description on only when the file beside it,
 * `latest-linux.yml.sig`, is its signature. The class is given, because loading it loads the whole updater.
 */
export function createSignedProvider(base: typeof GenericProvider, key: KeyObject): typeof GenericProvider {
  return class SignedProvider extends base {
    override async httpRequest(url: URL, headers?: OutgoingHttpHeaders | null): Promise<string> {
      const text = (await super.httpRequest(url, headers)) ?? '';
      const signature = (await super.httpRequest(signatureOf(url), headers).catch(refuseMissing)) ?? '';
      const fileName = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
      assertSigned(key, { fileName, text, signature });
      return text;
    }
  };
}

function signatureOf(url: URL): URL {
  const signature = new URL(url);
  signature.pathname += SIGNATURE;
  return signature;
}

function refuseMissing(error: unknown): never {
  if (error instanceof Error && 'statusCode' in error && error.statusCode === NOT_FOUND) {
    throw new UpdateRefusedError('The new version is not signed.', { cause: error });
  }
  throw error;
}
