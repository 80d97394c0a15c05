/** The rules of `npm run boundaries`. */
declare const configuration: { forbidden: readonly { name: string }[] };
export default configuration;
