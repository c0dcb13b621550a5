// How much two screenshots differ: node pixels.mjs A.png B.png ...  ->  one share (0 to 1) per pair, as JSON. Reads what
// browsers write: 8 bits a channel, RGB or RGBA, not interlaced. What only one of the two shows counts as different.
import {readFileSync} from 'node:fs';
import {inflateSync} from 'node:zlib';

const NEAR = 32; // of 255 in any channel: font smoothing is no difference

function paeth(a, b, c) {
  const p = a + b - c, da = Math.abs(p - a), db = Math.abs(p - b), dc = Math.abs(p - c);
  return da <= db && da <= dc ? a : db <= dc ? b : c;
}

export function decode(png) {
  let at = 8, width, height, channels;
  const parts = [];
  while (at < png.length) {
    const n = png.readUInt32BE(at), kind = png.toString('latin1', at + 4, at + 8), data = png.subarray(at + 8, at + 8 + n);
    if (kind === 'IHDR') {
      [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
      channels = {2: 3, 6: 4}[data[9]];
      if (data[8] !== 8 || !channels || data[12] !== 0) throw new Error('an unexpected kind of PNG');
    }
    if (kind === 'IDAT') parts.push(data);
    at += 12 + n;
  }
  const raw = inflateSync(Buffer.concat(parts)), row = width * channels, out = Buffer.alloc(row * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (row + 1)], from = y * (row + 1) + 1, to = y * row;
    for (let x = 0; x < row; x++) {
      const a = x >= channels ? out[to + x - channels] : 0, b = y > 0 ? out[to - row + x] : 0, c = x >= channels && y > 0 ? out[to - row + x - channels] : 0;
      out[to + x] = raw[from + x] + [0, a, b, (a + b) >> 1, paeth(a, b, c)][filter];
    }
  }
  return {width, height, channels, data: out};
}

export function share(a, b) {
  const width = Math.max(a.width, b.width), height = Math.max(a.height, b.height);
  let differ = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const both = x < a.width && x < b.width && y < a.height && y < b.height;
      const i = (y * a.width + x) * a.channels, k = (y * b.width + x) * b.channels;
      if (!both || [0, 1, 2].some(c => Math.abs(a.data[i + c] - b.data[k + c]) > NEAR)) differ++;
    }
  return differ / (width * height);
}

if (process.argv[1]?.endsWith('pixels.mjs')) {
  const files = process.argv.slice(2), shares = [];
  for (let i = 0; i + 1 < files.length; i += 2) shares.push(share(decode(readFileSync(files[i])), decode(readFileSync(files[i + 1]))));
  console.log(JSON.stringify(shares));
}
