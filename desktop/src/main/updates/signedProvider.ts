import type { KeyObject } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import type { GenericProvider } from 'electron-updater/out/providers/GenericProvider.js';
import { assertSigned, UpdateRefusedError } from './updateSignature.ts';

const SIGNATURE = '.sig';
const NOT_FOUND = 404;

/**
 * Returns electron-updater's provider for a plain web server with one addition: it rejects a release file unless the file
 * beside it, such as `latest-linux.yml.sig`, is its signature. The base class is a parameter, because importing it loads the whole updater.
 */
export function createSignedProvider(base: typeof GenericProvider, key: KeyObject): typeof GenericProvider {
  return class SignedProvider extends base {
    override async httpRequest(url: URL, headers?: OutgoingHttpHeaders | null): Promise<string> {
      const text = (await super.httpRequest(url, headers)) ?? '';
      const signature = (await super.httpRequest(signatureOf(url), headers).catch(throwUnsigned)) ?? '';
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

function throwUnsigned(error: unknown): never {
  if (error instanceof Error && 'statusCode' in error && error.statusCode === NOT_FOUND) {
    throw new UpdateRefusedError('The new version is not signed.', { cause: error });
  }
  throw error;
}
