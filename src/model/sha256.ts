/**
 * SHA-256 of short ASCII texts, synchronous and without `node:crypto`, so that it runs in a browser and in the
 * inner loop. Source: FIPS 180-4.
 */
const roundConstants = fractionalRoots(64, 3);
const initialState = fractionalRoots(8, 2);

/** The first 32 bits of the fractional parts of the square or cube roots of the first primes. */
function fractionalRoots(count: number, root: 2 | 3): Int32Array {
  const values = new Int32Array(count);
  for (let candidate = 2, found = 0; found < count; candidate++) {
    if (!isPrime(candidate)) continue;
    const power = root === 2 ? Math.sqrt(candidate) : Math.cbrt(candidate);
    values[found++] = ((power - Math.floor(power)) * 2 ** 32) | 0;
  }
  return values;
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
}

const schedule = new Int32Array(64);
const state = new Int32Array(8);
let message = new DataView(new ArrayBuffer(512));

/** The digest's eight words, big-endian, of the first `length` bytes of the message; valid until the next call. */
function digestMessage(length: number): Int32Array {
  // A byte 0x80 ends the text, zeros fill up, and the last 64 bits of the last block are its length in bits.
  const end = (((length + 8) >> 6) + 1) << 6;
  message.setUint8(length, 0x80);
  for (let i = length + 1; i < end - 4; i++) message.setUint8(i, 0);
  message.setInt32(end - 4, length * 8);
  for (let i = 0; i < 8; i++) state[i] = initialState[i]!;
  for (let offset = 0; offset < end; offset += 64) compress(offset);
  return state;
}

/** Puts ASCII text into the message and gives the offset after it. */
function putText(ascii: string, offset: number): number {
  const { length } = ascii;
  reserve(offset + length);
  for (let i = 0; i < length; i++) message.setUint8(offset + i, ascii.charCodeAt(i));
  return offset + length;
}

/** Room for a text of this length and what ends it. */
function reserve(length: number): void {
  if (length + 128 <= message.byteLength) return;
  const longer = new Uint8Array(2 * (length + 128));
  longer.set(new Uint8Array(message.buffer));
  message = new DataView(longer.buffer);
}

/** Takes in the block of the message at this offset. */
function compress(offset: number): void {
  const w = schedule;
  const k = roundConstants;
  for (let i = 0; i < 16; i++) w[i] = message.getInt32(offset + 4 * i);
  for (let i = 16; i < 64; i++) {
    const a = w[i - 15]!;
    const b = w[i - 2]!;
    const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
    const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  // Four rounds at a time: the variables change places by name, and half of the moves fall away.
  for (let i = 0; i < 64; i += 4) {
    h = (h + big1(e) + ((e & f) ^ (~e & g)) + k[i]! + w[i]!) | 0;
    d = (d + h) | 0;
    h = (h + big0(a) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    g = (g + big1(d) + ((d & e) ^ (~d & f)) + k[i + 1]! + w[i + 1]!) | 0;
    c = (c + g) | 0;
    g = (g + big0(h) + ((h & a) ^ (h & b) ^ (a & b))) | 0;
    f = (f + big1(c) + ((c & d) ^ (~c & e)) + k[i + 2]! + w[i + 2]!) | 0;
    b = (b + f) | 0;
    f = (f + big0(g) + ((g & h) ^ (g & a) ^ (h & a))) | 0;
    e = (e + big1(b) + ((b & c) ^ (~b & d)) + k[i + 3]! + w[i + 3]!) | 0;
    a = (a + e) | 0;
    e = (e + big0(f) + ((f & g) ^ (f & h) ^ (g & h))) | 0;
    // Now e..h hold the first four and a..d the last four.
    let t = a;
    a = e;
    e = t;
    t = b;
    b = f;
    f = t;
    t = c;
    c = g;
    g = t;
    t = d;
    d = h;
    h = t;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

function big0(x: number): number {
  return ((x >>> 2) | (x << 30)) ^ ((x >>> 13) | (x << 19)) ^ ((x >>> 22) | (x << 10));
}

function big1(x: number): number {
  return ((x >>> 6) | (x << 26)) ^ ((x >>> 11) | (x << 21)) ^ ((x >>> 25) | (x << 7));
}

const alphabet = Uint8Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", (letter) => letter.charCodeAt(0));

/** What the message begins with since the last call. */
let laidDown = "";

/**
 * The first 16 characters of the digest of `start + end` in base32 (RFC 4648): 80 bits, what kube-proxy ends chain
 * names with. Texts that begin alike come one after the other, so a start is laid down once, and no text put together.
 */
export function sha256Base32Prefix(start: string, end: string): string {
  if (start !== laidDown) putText(start, 0);
  laidDown = start;
  return base32Prefix(digestMessage(putText(end, start.length)));
}

/** Made in one piece: a text put together of sixteen would be taken apart again each time it is written. */
function base32Prefix(words: Int32Array): string {
  const a = words[0]!;
  const b = words[1]!;
  const c = words[2]!;
  return String.fromCharCode(
    alphabet[a >>> 27]!,
    alphabet[(a >>> 22) & 31]!,
    alphabet[(a >>> 17) & 31]!,
    alphabet[(a >>> 12) & 31]!,
    alphabet[(a >>> 7) & 31]!,
    alphabet[(a >>> 2) & 31]!,
    alphabet[((a & 3) << 3) | (b >>> 29)]!,
    alphabet[(b >>> 24) & 31]!,
    alphabet[(b >>> 19) & 31]!,
    alphabet[(b >>> 14) & 31]!,
    alphabet[(b >>> 9) & 31]!,
    alphabet[(b >>> 4) & 31]!,
    alphabet[((b & 15) << 1) | (c >>> 31)]!,
    alphabet[(c >>> 26) & 31]!,
    alphabet[(c >>> 21) & 31]!,
    alphabet[(c >>> 16) & 31]!,
  );
}

/** The whole digest of an ASCII text in base64 (RFC 4648), as a content security policy names a style. */
export function sha256Base64(ascii: string): string {
  laidDown = "";
  const words = digestMessage(putText(ascii, 0));
  const bytes = Array.from({ length: 32 }, (_, at) => (words[at >> 2]! >>> (24 - 8 * (at & 3))) & 255);
  return btoa(String.fromCharCode(...bytes));
}

/** The first 48 bits of the digest of an ASCII text, as a whole number. */
export function sha256Number(ascii: string): number {
  laidDown = "";
  const words = digestMessage(putText(ascii, 0));
  return (words[0]! >>> 0) * 0x10000 + (words[1]! >>> 16);
}
