/**
 * Draws the app's icons from the SVG files in `desktop/resources`, with `rsvg-convert`. What it makes is committed.
 *
 *   node scripts/packaging/makeIcons.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const RESOURCES = path.resolve(import.meta.dirname, '../../desktop/resources');
const LINUX_SIZES = [16, 24, 32, 48, 64, 128, 256, 512];
const WINDOWS_SIZES = [16, 20, 24, 32, 40, 48, 64, 128, 256];
/** Types of the entries of an .icns file, each with its size in pixels. */
const MAC_TYPES = [
  ['ic11', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic13', 256],
  ['ic08', 256],
  ['ic14', 512],
  ['ic09', 512],
  ['ic10', 1024],
] as const;
/** Windows and Linux take the picture that fits their scale. */
const TRAY_SCALES = { '': 1, '@1.25x': 1.25, '@1.5x': 1.5, '@2x': 2, '@3x': 3 };
const TRAY_SIZE = 16;

mkdirSync(path.join(RESOURCES, 'icons'), { recursive: true });
for (const size of LINUX_SIZES) write(`icons/${size}x${size}.png`, draw('icon.svg', size));
write('icon.png', draw('icon.svg', 512));
write('icon.ico', joinIco(WINDOWS_SIZES.map((size) => ({ size, png: draw('icon.svg', size) }))));
write('icon.icns', joinIcns(MAC_TYPES.map(([type, size]) => ({ type, png: draw('iconMac.svg', size) }))));
for (const [suffix, scale] of Object.entries(TRAY_SCALES)) {
  write(`tray${suffix}.png`, draw('tray.svg', TRAY_SIZE * scale));
}
for (const suffix of ['', '@2x'] as const) {
  write(`trayTemplate${suffix}.png`, draw('trayTemplate.svg', TRAY_SIZE * TRAY_SCALES[suffix]));
}

function draw(svg: string, size: number): Buffer {
  const args = ['--width', String(size), '--height', String(size), path.join(RESOURCES, svg)];
  return execFileSync('rsvg-convert', args, { maxBuffer: 16 * 1024 * 1024 });
}

/** A directory of entries, then their pictures, which may be PNG since Windows Vista. */
function joinIco(pictures: readonly { size: number; png: Buffer }[]): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(pictures.length, 4);
  let offset = 6 + 16 * pictures.length;
  const entries = pictures.map(({ size, png }) => {
    const entry = Buffer.alloc(16);
    // one byte each; 0 stands for 256
    entry.writeUInt8(size % 256, 0);
    entry.writeUInt8(size % 256, 1);
    entry.writeUInt16LE(1, 4);
    entry.writeUInt16LE(32, 6);
    entry.writeUInt32LE(png.length, 8);
    entry.writeUInt32LE(offset, 12);
    offset += png.length;
    return entry;
  });
  return Buffer.concat([head, ...entries, ...pictures.map(({ png }) => png)]);
}

/** Each entry is its type, its length with this head, and a PNG. */
function joinIcns(pictures: readonly { type: string; png: Buffer }[]): Buffer {
  const block = (type: string, body: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(8 + body.length, 4);
    return Buffer.concat([head, body]);
  };
  return block('icns', Buffer.concat(pictures.map(({ type, png }) => block(type, png))));
}

function write(name: string, bytes: Buffer): void {
  writeFileSync(path.join(RESOURCES, name), bytes);
}
