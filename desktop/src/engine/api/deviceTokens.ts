/** An account of one server. */
export interface DeviceAccount {
  serverUrl: string;
  email: string;
}

/**
 * The tokens by which servers recognize this device, one per account. A token grants no access: it only lets a login be
 * attempted while others are guessing the password. So it outlives the session, and losing it does no harm.
 */
export interface DeviceTokens {
  /** Returns null where there is none that can be read. */
  load(account: DeviceAccount): Promise<string | null>;
  /** Never throws: a token that cannot be stored is dropped. */
  save(account: DeviceAccount, token: string): Promise<void>;
}

/** Stores none. */
export const NO_DEVICE_TOKENS: DeviceTokens = {
  load: async () => null,
  save: async () => {},
};
