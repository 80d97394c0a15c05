/** One box of MP4 or QuickTime. */
export function box(type: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

export function u16(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) buffer.writeUInt16BE(value, index * 2);
  return buffer;
}

export function u32(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) buffer.writeUInt32BE(value, index * 4);
  return buffer;
}

/** The top-level boxes of a file by type; `free` boxes are left out. */
export function topLevelBoxes(file: Buffer): Map<string, Buffer> {
  const boxes = new Map<string, Buffer>();
  for (let at = 0; at < file.length; ) {
    const size = file.readUInt32BE(at);
    boxes.set(file.toString('latin1', at + 4, at + 8), file.subarray(at, at + size));
    at += size;
  }
  return boxes;
}

/** One element of Matroska; `id` with its length marker. */
export function element(id: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const idHex = id.toString(16);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(body.length) | (1n << 56n));
  return Buffer.concat([
    Buffer.from(idHex.padStart(idHex.length + (idHex.length % 2), '0'), 'hex'),
    size,
    body,
  ]);
}

export const MATROSKA = {
  header: element(0x1a45dfa3, element(0x4282, Buffer.from('matroska'))),
  segment: (...content: Buffer[]): Buffer => element(0x18538067, ...content),
  tracks: (...entries: Buffer[]): Buffer => element(0x1654ae6b, ...entries),
  /** A track entry; type 1 is video, 17 a subtitle. */
  track: (number: number, type: number, codec: string, ...more: Buffer[]): Buffer =>
    element(
      0xae,
      element(0xd7, Buffer.from([number])),
      element(0x73c5, Buffer.from([number])),
      element(0x83, Buffer.from([type])),
      element(0x86, Buffer.from(codec)),
      ...more,
    ),
  size: (width: number, height: number): Buffer =>
    element(0xe0, element(0xb0, u32(width)), element(0xba, u32(height))),
  privateData: (data: Buffer): Buffer => element(0x63a2, data),
  zlibCompressed: element(
    0x6d80,
    element(0x6240, element(0x5032, Buffer.from([3])), element(0x5034, element(0x4254, Buffer.from([0])))),
  ),
  /** One packet for each of the blocks, 40 ms apart, all keyframes. */
  cluster: (blocks: readonly { track: number; data: Buffer }[]): Buffer =>
    element(
      0x1f43b675,
      element(0xe7, Buffer.from([0])),
      ...blocks.map(({ track, data }, index) =>
        element(0xa3, Buffer.from([0x80 | track]), u16(index * 40), Buffer.from([0x80]), data),
      ),
    ),
} as const;
