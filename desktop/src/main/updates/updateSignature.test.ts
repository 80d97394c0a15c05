import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { assertSigned, readUpdateKey, signedBytes, UpdateRefusedError } from './updateSignature.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const exported = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
const key = readUpdateKey(exported);
const fileName = 'latest-linux.yml';
const text = 'version: 2.0.0\n';
const signatureOf = (name: string, content: string, by = privateKey): string =>
  sign(null, signedBytes(name, content), by).toString('base64');

test('accepts what was signed with the key', () => {
  assertSigned(key, { fileName, text, signature: signatureOf(fileName, text) });
});

test('rejects another text, platform or key, and an invalid signature', () => {
  const stranger = generateKeyPairSync('ed25519').privateKey;
  const wrong = [
    { fileName, text: 'version: 3.0.0\n', signature: signatureOf(fileName, text) },
    { fileName, text: `${text} `, signature: signatureOf(fileName, text) },
    { fileName, text, signature: signatureOf('latest.yml', text) },
    { fileName, text, signature: signatureOf(fileName, text, stranger) },
    { fileName, text, signature: sign(null, Buffer.from(text), privateKey).toString('base64') },
    { fileName, text, signature: '' },
    { fileName, text, signature: '<html>' },
  ];
  for (const one of wrong) assert.throws(() => assertSigned(key, one), UpdateRefusedError);
});

test('rejects a key of another type', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  assert.throws(
    () => readUpdateKey(rsa.export({ format: 'der', type: 'spki' }).toString('base64')),
    /not an Ed25519/,
  );
  assert.throws(() => readUpdateKey('bm90aGluZw=='));
});
