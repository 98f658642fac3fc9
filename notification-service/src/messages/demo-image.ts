import { crc32, deflateSync } from 'node:zlib';

/** A small picture made of nothing but numbers: a sun over a horizon. PNG, about 1 kB. */
export function demoImage(width = 320, height = 180): Buffer {
  const rows = Buffer.alloc(height * (1 + width * 3)); // each row begins with its filter, 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows.set(colourAt(x / width, y / height, height / width), y * (1 + width * 3) + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8); // 8 bits, red green blue
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function colourAt(x: number, y: number, ratio: number): [number, number, number] {
  if (y > 0.7) return [18, 140, 126];
  const fromSun = Math.hypot(x - 0.5, (y - 0.7) * ratio);
  if (fromSun < 0.18) return [255, 209, 102];
  const glow = Math.max(0, 1 - Math.floor(fromSun * 12) / 8);
  return [Math.round(40 + 200 * glow), Math.round(90 + 80 * glow), Math.round(160 - 40 * glow)];
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
