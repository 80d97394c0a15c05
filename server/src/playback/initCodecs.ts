/**
 * The RFC 6381 name of the H.264 picture in an init segment, `avc1.64001f`: the three bytes after the version of its
 * `avcC` box. Null where there is no such box.
 */
export function readVideoCodecs(init: Buffer): string | null {
  const box = init.indexOf('avcC', 0, 'latin1');
  if (box < 0 || init.length < box + 8) return null;
  return `avc1.${init.subarray(box + 5, box + 8).toString('hex')}`;
}
