import { type BigIntStats, closeSync, fstatSync, openSync, readSync, type Stats, statfsSync, statSync } from "node:fs";

/** The largest file, or output of a tool, that is read. Texts in memory cannot be much longer. */
export const mostBytes = 500_000_000;

const chunkSize = 1 << 20;

/** Reads a file, device or pipe to its end, or fails at the size limit: some never end. `0` is standard input. */
export function readBytes(path: string | number): Buffer {
  return readFrom(path, readAll);
}

function readFrom(path: string | number, read: (file: number) => Buffer): Buffer {
  const file = typeof path === "number" ? path : openSync(path, "r");
  try {
    return read(file);
  } finally {
    if (typeof path !== "number") closeSync(file);
  }
}

/** The files that this run has read. */
const identitiesRead = new Set<string>();

/** Reads a file or a descriptor, and notes it: an output must not replace an input. Throws the file system's error. */
export function readInput(path: string | number): Buffer {
  return readFrom(path, (file) => {
    identitiesRead.add(identityOf(fstatSync(file, { bigint: true })));
    return readAll(file);
  });
}

/** Whether this run has read a file, under whatever name. */
export function wasRead(stats: BigIntStats): boolean {
  return identitiesRead.has(identityOf(stats));
}

/** What all names of a file have in common. */
export function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

function readAll(file: number): Buffer {
  const size = sizeOf(fstatSync(file));
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    // One more byte than expected shows the end of a regular file.
    const chunk = Buffer.allocUnsafe(Math.max(chunkSize, size + 1 - length));
    const count = readSync(file, chunk);
    if (count === 0) return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length);
    chunks.push(chunk.subarray(0, count));
    length += count;
    if (length > mostBytes) throw tooLarge();
  }
}

function sizeOf(stats: Stats): number {
  if (!stats.isFile()) return 0;
  if (stats.size > mostBytes) throw tooLarge();
  return stats.size;
}

/** In the words of a message: "cannot read FILE: ...". */
export const tooLargeReason = `it is larger than ${mostBytes / 1_000_000} MB`;

function tooLarge(): Error {
  return new Error(tooLargeReason);
}

/** Magic numbers of file systems whose files are made while they are read: procfs, sysfs, debugfs, tracefs, cgroup. */
const kernelFileSystems = new Set([0x9fa0, 0x62656572, 0x64626720, 0x74726163, 0x27e0eb, 0x63677270]);

/**
 * Why a file that was found in a directory is not read: to read it may block, never end or change something. Undefined
 * for a regular file or a directory. Throws the file system's error.
 */
export function unfitReason(path: string): string | undefined {
  const stats = statSync(path);
  if (stats.isFIFO()) return "it is a named pipe";
  if (stats.isSocket()) return "it is a socket";
  if (!stats.isFile() && !stats.isDirectory()) return "it is a device";
  return kernelFileSystems.has(statfsSync(path).type)
    ? "it is not stored on a disk, the kernel generates it"
    : undefined;
}
