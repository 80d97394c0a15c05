import { isCertificateError } from '../../runtime/certificateErrors.ts';
import { ConfigError } from '../../runtime/config.ts';
import { reasonOf } from '../../runtime/dependencies.ts';
import { ReelmillError } from '../../runtime/errors.ts';
import { ensureBucket } from '../minioStore.ts';
import { S3Client } from './s3Client.ts';
import { s3CodeOf, toStoreError } from './s3Errors.ts';

/** A user of the store, and the names of the settings that hold its keys. */
export interface StoreUser {
  endpoint: string;
  accessKey: string;
  secretKey: string;
  region: string;
  settings: { accessKey: string; secretKey: string };
}

/** What makes every further try fail in the same way, by the setting that has to be fixed. */
const REFUSALS: Readonly<Record<string, (settings: StoreUser['settings']) => string>> = {
  InvalidAccessKeyId: ({ accessKey }) => `${accessKey}: the object store does not know this access key`,
  SignatureDoesNotMatch: ({ secretKey }) => `${secretKey}: the object store rejects it`,
  AuthorizationHeaderMalformed: () => 'S3_REGION: the object store is in another region',
  InvalidRegion: () => 'S3_REGION: the object store is in another region',
  PermanentRedirect: () => 'S3_REGION, S3_ENDPOINT: the bucket is at another endpoint',
  InvalidBucketName: () => 'S3_BUCKET: the object store does not allow this name',
  InvalidBucketNameError: () => 'S3_BUCKET: the object store does not allow this name',
};

/**
 * Makes sure that the bucket is there, and makes it where it is not. Throws `unavailable` while the store does not respond,
 * and ConfigError where it refuses the user, or where the bucket is missing and may not be made.
 */
export async function openBucket(user: StoreUser, bucket: string): Promise<void> {
  try {
    await ensureBucket({ ...user, bucket });
  } catch (error) {
    throw toAccessError(error instanceof ReelmillError ? error.cause : error, user, bucket);
  }
}

/** The same for a user who makes no buckets: one that is missing is not there yet. */
export async function findBucket(user: StoreUser, bucket: string): Promise<void> {
  if (!(await request(user, (client) => client.knowsBucket(bucket), bucket))) {
    throw new ReelmillError('unavailable', `The object store has no bucket "${bucket}".`);
  }
}

/** Throws ConfigError where the store does not know this user, whatever the user may do there; `unavailable` as above. */
export async function assertKnownUser(user: StoreUser, bucket: string): Promise<void> {
  await request(
    user,
    (client) =>
      client.knowsBucket(bucket).catch((error: unknown) => {
        // known, and without the right to ask this
        if (s3CodeOf(error) !== 'AccessDenied') throw error;
      }),
    bucket,
  );
}

async function request<T>(
  user: StoreUser,
  call: (client: S3Client) => Promise<T>,
  bucket: string,
): Promise<T> {
  const client = new S3Client(user);
  try {
    return await call(client);
  } catch (error) {
    throw toAccessError(error, user, bucket);
  } finally {
    client.close();
  }
}

/** Returns ConfigError where only a change of the settings helps. */
function toAccessError(error: unknown, { settings }: StoreUser, bucket: string): Error {
  if (isCertificateError(error)) {
    return new ConfigError(
      `S3_ENDPOINT: the certificate of the object store is not trusted (${reasonOf(error)})`,
    );
  }
  const code = s3CodeOf(error) ?? (error instanceof Error ? error.name : '');
  if (code === 'AccessDenied') {
    return new ConfigError(
      `S3_BUCKET, ${settings.accessKey}: the bucket "${bucket}" is missing and this user may not make it, or may not use it`,
    );
  }
  const refusal = REFUSALS[code];
  return refusal === undefined ? toStoreError(error) : new ConfigError(`${refusal(settings)} (${code})`);
}
