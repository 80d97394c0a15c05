import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { LIMITS } from '@reelmill/shared/contracts/limits.ts';
import type { ObjectStore, StoredObject, StoredPart, UploadRef } from '@reelmill/shared/ports/objectStore.ts';

export interface StoreUnderTest {
  store: ObjectStore;
  /** What URLs for each audience begin with; the two differ. */
  origins: { public: string; internal: string };
  /** The most that the store answers in one go when it lists or removes; tests go beyond it. */
  pageSize: number;
  /** Whether a URL of a single PUT can be limited in size, and ended before it expires. */
  limitsPuts: boolean;
  stop(): Promise<void>;
}

export const PART = LIMITS.minPartSizeBytes;

export const FOR_CREATORS = { audience: 'public', expiresSeconds: 300 } as const;

/** The store that a suite asks; it is there only once the suite's tests run. */
export interface Context {
  store(): ObjectStore;
  origins(): StoreUnderTest['origins'];
  pageSize(): number;
  limitsPuts(): boolean;
}

export function newKey(): string {
  return `contract/${randomUUID()}`;
}

export function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

export function putText(store: ObjectStore, key: string, text: string): Promise<void> {
  const body = Buffer.from(text);
  return store.put(key, body, { contentType: 'text/plain', sizeBytes: body.length });
}

export function openUpload(
  store: ObjectStore,
  key: string,
  sizeBytes: number,
  contentType = 'video/mp4',
): Promise<UploadRef> {
  return store.createUpload(key, { contentType, partSizeBytes: PART, sizeBytes });
}

export async function openWholeUpload(
  store: ObjectStore,
): Promise<{ upload: UploadRef; parts: StoredPart[]; bytes: Buffer }> {
  const bytes = randomBytes(PART + 100);
  const upload = await openUpload(store, newKey(), bytes.length);
  for (const number of [1, 2]) await putPart(store, upload, number, partOf(bytes, number));
  return { upload, bytes, parts: await store.listParts(upload) };
}

export function partOf(bytes: Buffer, number: number): Buffer<ArrayBuffer> {
  return Buffer.from(bytes.subarray((number - 1) * PART, number * PART));
}

export function describePart(partNumber: number, bytes: Buffer): StoredPart {
  return { partNumber, sizeBytes: bytes.length, etag: md5(bytes) };
}

export async function putPart(
  store: ObjectStore,
  upload: UploadRef,
  partNumber: number,
  body: Buffer<ArrayBuffer>,
): Promise<Response> {
  const answer = await fetch(await store.signPart(upload, partNumber, FOR_CREATORS), { method: 'PUT', body });
  await answer.arrayBuffer();
  return answer;
}

export async function statusOf(method: string, url: string): Promise<number> {
  const answer = await fetch(url, method === 'PUT' ? { method, body: 'x' } : { method });
  await answer.arrayBuffer();
  return answer.status;
}

/** Announces `sizeBytes`, sends half of them and cuts the connection. */
export async function cutOffPut(url: string, sizeBytes: number): Promise<void> {
  const request = httpRequest(url, { method: 'PUT', headers: { 'Content-Length': sizeBytes } });
  const closed = new Promise<void>((resolve) => request.once('close', resolve));
  request.on('error', () => {});
  await new Promise<void>((sent) => request.write(Buffer.alloc(sizeBytes / 2, 7), () => sent()));
  request.destroy();
  await closed;
}

export async function listAll(store: ObjectStore, prefix: string): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const object of store.list(prefix)) found.push(object);
  return found;
}

export function withoutTime({ key, sizeBytes, etag }: StoredObject): Omit<StoredObject, 'lastModified'> {
  return { key, sizeBytes, etag };
}

export function changeDigits(url: string, pattern: RegExp): string {
  return url.replace(pattern, (_, name: string, digits: string) => name + (Number(digits) + 1));
}

/** The first URL with the second one's part number, wherever the store writes it. */
export function mixPartNumbers(url: string, other: string): string {
  const { pathname, searchParams } = new URL(other);
  const mixed = new URL(url);
  mixed.pathname = pathname;
  const number = searchParams.get('partNumber');
  if (number !== null) mixed.searchParams.set('partNumber', number);
  return mixed.href;
}

export async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>) {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
