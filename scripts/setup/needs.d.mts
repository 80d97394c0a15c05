/** Schemathesis, in its virtual environment: see `needs.mjs`. */
export const SCHEMATHESIS: Readonly<{ program: string; folder: string; requirements: string }>;
