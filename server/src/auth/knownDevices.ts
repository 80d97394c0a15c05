import { createHmac, randomBytes } from 'node:crypto';
import { Op, type Transaction, UniqueConstraintError } from 'sequelize';
import type { Models } from '../db/models.ts';

/*
 * Where an account was logged in from: devices, which send the token that they received, and networks. Only keyed hashes
 * are stored. Neither replaces the password; they allow a login attempt while others are guessing the password.
 */

export const KNOWN_DEVICE_MS = 90 * 24 * 3600 * 1000;
/** Of each kind and user; the least recently used one is removed. */
const MAX_KEPT = 10;

export interface LoginSource {
  /** As the client sent it: null asks for a token, undefined does not. */
  deviceToken: string | null | undefined;
  /** An address or network as `networkOf` returns it. */
  network: string;
}

/** The fingerprints of a source; `token` is null where no token was sent. */
export interface SourceFingerprints {
  token: string | null;
  network: string;
}

/** Fingerprints depend on the key of this installation: another one has other fingerprints. */
export function fingerprintSource(source: LoginSource, key: string): SourceFingerprints {
  return {
    token: source.deviceToken ? fingerprint('token', source.deviceToken, key) : null,
    network: fingerprint('network', source.network, key),
  };
}

/** Returns which fingerprints are known for this account; `networkInUse`: the network is known for any account. */
export async function findKnownSource(
  models: Models,
  userId: number | null,
  source: SourceFingerprints,
): Promise<{ token: boolean; network: boolean; networkInUse: boolean }> {
  const candidates = [source.network, ...(source.token === null ? [] : [source.token])];
  const unexpired = { expiresAt: { [Op.gt]: new Date() } };
  // also queries for an unknown account, so that both take the same time
  const [own, anybody] = await Promise.all([
    models.KnownDevice.findAll({
      attributes: ['fingerprint'],
      where: { userId: userId ?? 0, fingerprint: candidates, ...unexpired },
    }),
    models.KnownDevice.findOne({
      attributes: ['id'],
      where: { fingerprint: source.network, ...unexpired },
    }),
  ]);
  const known = new Set(own.map((row) => row.fingerprint));
  return {
    token: source.token !== null && known.has(source.token),
    network: known.has(source.network),
    networkInUse: anybody !== null,
  };
}

/** Stores where a login came from. Returns the token of the device, a new one unless it is known; undefined without one. */
export async function storeLoginSource(
  models: Models,
  userId: number,
  source: LoginSource,
  key: string,
): Promise<string | undefined> {
  await storeDevice(models, userId, { kind: 'network', fingerprint: fingerprintSource(source, key).network });
  if (source.deviceToken === undefined) return undefined;
  const { token: known } = fingerprintSource(source, key);
  if (known !== null && (await touch(models, userId, known))) return source.deviceToken ?? undefined;
  const token = randomBytes(32).toString('base64url');
  await storeDevice(models, userId, { kind: 'token', fingerprint: fingerprint('token', token, key) });
  return token;
}

/** Removes all devices except `keep`: somebody with the old password may have used the others. */
export async function removeKnownDevices(
  models: Models,
  userId: number,
  options: { keep?: readonly string[]; transaction: Transaction },
): Promise<void> {
  const { keep = [], transaction } = options;
  await models.KnownDevice.destroy({
    where: { userId, fingerprint: { [Op.notIn]: [...keep] } },
    transaction,
  });
}

function fingerprint(kind: 'token' | 'network', value: string, key: string): string {
  return createHmac('sha256', key).update(`known-device ${kind} ${value}`).digest('hex');
}

async function storeDevice(
  models: Models,
  userId: number,
  device: { kind: 'token' | 'network'; fingerprint: string },
): Promise<void> {
  if (await touch(models, userId, device.fingerprint)) return;
  try {
    await models.KnownDevice.create({ userId, ...device, ...validity() });
  } catch (error) {
    // a concurrent login from there has stored it
    if (!(error instanceof UniqueConstraintError)) throw error;
  }
  const surplus = await models.KnownDevice.findAll({
    attributes: ['id'],
    where: { userId, kind: device.kind },
    order: [
      ['lastUsedAt', 'DESC'],
      ['id', 'DESC'],
    ],
    offset: MAX_KEPT,
    limit: MAX_KEPT,
  });
  if (surplus.length > 0) await models.KnownDevice.destroy({ where: { id: surplus.map(({ id }) => id) } });
}

/** Marks it as used. Returns false where it is unknown or has expired. */
async function touch(models: Models, userId: number, known: string): Promise<boolean> {
  const where = { userId, fingerprint: known, expiresAt: { [Op.gt]: new Date() } };
  const row = await models.KnownDevice.findOne({ where });
  await row?.update(validity());
  return row !== null;
}

function validity(): { lastUsedAt: Date; expiresAt: Date } {
  const lastUsedAt = new Date();
  return { lastUsedAt, expiresAt: new Date(lastUsedAt.getTime() + KNOWN_DEVICE_MS) };
}
