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

const block = new Uint8Array(64);
const schedule = new Int32Array(64);
const state = new Int32Array(8);

/** The digest's eight words, big-endian; valid until the next call. */
export function sha256Words(ascii: string): Int32Array {
  state.set(initialState);
  const length = ascii.length;
  let offset = 0;
  for (; offset + 64 <= length; offset += 64) {
    for (let i = 0; i < 64; i++) block[i] = ascii.charCodeAt(offset + i);
    compress();
  }
  const rest = length - offset;
  for (let i = 0; i < rest; i++) block[i] = ascii.charCodeAt(offset + i);
  block[rest] = 0x80;
  block.fill(0, rest + 1);
  if (rest >= 56) {
    compress();
    block.fill(0);
  }
  const bits = length * 8;
  block[60] = bits >>> 24;
  block[61] = bits >>> 16;
  block[62] = bits >>> 8;
  block[63] = bits;
  compress();
  return state;
}

function compress(): void {
  const w = schedule;
  for (let i = 0, j = 0; i < 16; i++, j += 4) {
    w[i] = (block[j]! << 24) | (block[j + 1]! << 16) | (block[j + 2]! << 8) | block[j + 3]!;
  }
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
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + roundConstants[i]! + w[i]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
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

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The first 16 characters of the digest in base32 (RFC 4648): 80 bits, what kube-proxy ends chain names with. */
export function sha256Base32Prefix(ascii: string): string {
  const [a, b, c] = sha256Words(ascii) as unknown as [number, number, number];
  return (
    five(a, 27) +
    five(a, 22) +
    five(a, 17) +
    five(a, 12) +
    five(a, 7) +
    five(a, 2) +
    base32[((a & 3) << 3) | (b >>> 29)] +
    five(b, 24) +
    five(b, 19) +
    five(b, 14) +
    five(b, 9) +
    five(b, 4) +
    base32[((b & 15) << 1) | (c >>> 31)] +
    five(c, 26) +
    five(c, 21) +
    five(c, 16)
  );
}

function five(word: number, shift: number): string {
  return base32[(word >>> shift) & 31] as string;
}
