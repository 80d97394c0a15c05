/**
 * Signs the files that describe a version of the desktop app, `latest*.yml`, before they are published:
 *
 *   npm run sign-updates -- keygen KEY.pem     makes a private key, and prints the public one for REELMILL_UPDATE_KEY
 *   npm run sign-updates -- KEY.pem FOLDER     writes FOLDER/latest*.yml.sig
 *
 * Who has the private key decides what every installed app runs: keep it away from the web server and from CI.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { signedBytes } from '../desktop/src/main/updates/updateSignature.ts';

const USAGE = 'usage: npm run sign-updates -- keygen KEY.pem | KEY.pem FOLDER';

try {
  const [first, second, ...rest] = process.argv.slice(2);
  if (first === undefined || second === undefined || rest.length > 0) throw new Error(USAGE);
  if (first === 'keygen') makeKey(second);
  else signAll(createPrivateKey(readFileSync(first)), second);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

/** Never replaces a key: the apps that know its public half could not be updated any more. */
function makeKey(file: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { flag: 'wx', mode: 0o600 });
  printPublicKey(privateKey);
}

function signAll(key: KeyObject, folder: string): void {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('The key is not an Ed25519 key.');
  const names = globSync('latest*.yml', { cwd: folder });
  if (names.length === 0) throw new Error(`There is no latest*.yml in ${folder}.`);
  for (const name of names) {
    const file = path.join(folder, name);
    const signature = sign(null, signedBytes(name, readFileSync(file, 'utf8')), key);
    writeFileSync(`${file}.sig`, `${signature.toString('base64')}\n`);
    console.log(`${file}.sig`);
  }
  printPublicKey(key);
}

function printPublicKey(key: KeyObject): void {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  console.log(`REELMILL_UPDATE_KEY=${spki.toString('base64')}`);
}
