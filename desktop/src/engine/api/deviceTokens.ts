/** An account of one server. */
export interface DeviceAccount {
  serverUrl: string;
  email: string;
}

/**
 * What servers call this device, by account. A token lets nobody in: with it, a login is tried while others are guessing
 * at the password. So it outlives the session, and losing it does no harm.
 */
export interface DeviceTokens {
  /** Null where there is none, or none that can be read. */
  load(account: DeviceAccount): Promise<string | null>;
  /** Resolves also where the token cannot be kept. */
  save(account: DeviceAccount, token: string): Promise<void>;
}

/** Keeps none. */
export const NO_DEVICE_TOKENS: DeviceTokens = {
  load: async () => null,
  save: async () => {},
};
