const SIGNED_QUERY = /((?:https?|amqps?|mysql):\/\/[^\s"'?\\]*)\?[^\s"'\\]*/g;
const CREDENTIALS = /((?:https?|amqps?|mysql):\/\/)[^\s"'/@\\]+@/g;

/** Removes queries (signatures) and credentials from every URL in a text. */
export function redactUrls(text: string): string {
  return text.replace(SIGNED_QUERY, '$1?[cut]').replace(CREDENTIALS, '$1');
}
