import { damaged } from './damage.ts';

/** A box of MP4; `body` is what follows its size and type. */
export interface Box {
  type: string;
  body: Buffer;
}

export interface BoxHeader {
  type: string;
  sizeBytes: number;
}

export const BOX_HEADER_BYTES = 8;
/** A muxer of our own writes about thirty boxes, six deep; a program that was taken over writes what it likes. */
const MAX_BOXES = 1_000;
const MAX_DEPTH = 8;

/** Size and type of a box. Throws `output_damaged` where it would be larger than `maxBytes`, or has no size of its own. */
export function readBoxHeader(bytes: Buffer, maxBytes: number): BoxHeader {
  if (bytes.length < BOX_HEADER_BYTES) throw damaged('a box without a whole header');
  const sizeBytes = bytes.readUInt32BE(0);
  const type = bytes.toString('latin1', 4, BOX_HEADER_BYTES);
  // 0 (to the end of the file) and 1 (64 bits) are written for larger files only
  if (sizeBytes < BOX_HEADER_BYTES || sizeBytes > maxBytes) {
    throw damaged(`a box ${JSON.stringify(type)} of ${sizeBytes} bytes where ${maxBytes} are left`);
  }
  return { type, sizeBytes };
}

/** The boxes that fill `bytes` to the last byte. Throws `output_damaged` where they do not. */
export function parseBoxes(bytes: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { type, sizeBytes } = readBoxHeader(bytes.subarray(at, at + BOX_HEADER_BYTES), bytes.length - at);
    boxes.push({ type, body: bytes.subarray(at + BOX_HEADER_BYTES, at + sizeBytes) });
    if (boxes.length > MAX_BOXES) throw damaged('too many boxes');
    at += sizeBytes;
  }
  return boxes;
}

/** All boxes of a tree by type, those inside `containers` included. Throws `output_damaged`. */
export function indexBoxes(bytes: Buffer, containers: ReadonlySet<string>): Map<string, Buffer[]> {
  const found: Box[] = [];
  const add = (inside: Buffer, depth: number): void => {
    if (depth > MAX_DEPTH) throw damaged('boxes nested too deep');
    for (const box of parseBoxes(inside)) {
      found.push(box);
      if (found.length > MAX_BOXES) throw damaged('too many boxes');
      if (containers.has(box.type)) add(box.body, depth + 1);
    }
  };
  add(bytes, 1);
  const byType = Map.groupBy(found, ({ type }) => type);
  return new Map([...byType].map(([type, boxes]) => [type, boxes.map(({ body }) => body)]));
}

/** The only body of that type. Throws `output_damaged` where there is none or more than one. */
export function onlyBox(boxes: readonly Box[], type: string): Buffer {
  const [first, ...others] = boxes.filter((box) => box.type === type);
  if (first === undefined || others.length > 0)
    throw damaged(`${others.length + (first ? 1 : 0)} boxes ${type}`);
  return first.body;
}
