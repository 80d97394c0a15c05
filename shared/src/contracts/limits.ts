/** Bounds that both sides of a contract must agree on. Sizes are in bytes. */
export const LIMITS = {
  fileNameCharacters: 255,
  titleCharacters: 200,
  descriptionCharacters: 5_000,
  nicknameCharacters: 60,
  passwordCharacters: { min: 8, max: 200 },
  minPartSizeBytes: 8 * 1024 * 1024,
  maxPartSizeBytes: 5 * 1024 ** 3,
  maxPartCount: 10_000,
  maxSinglePutBytes: 5 * 1024 ** 3,
  /** How many part URLs one response may carry. */
  partUrlWindow: 64,
  webhookUrlCharacters: 2_000,
  webhookDescriptionCharacters: 200,
  /** Endpoints that one account may have. */
  webhooksPerUser: 20,
  pageSize: { default: 20, max: 100 },
} as const;
