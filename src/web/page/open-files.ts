import { strFromU8, unzipSync } from "fflate";
import type { TextFile } from "../protocol.ts";

/** The largest file, or sum of the files of a zip, that is read. */
const mostBytes = 20_000_000;

/** Reads files that were chosen or dropped; of a zip, the texts in it. */
export async function readFiles(files: readonly File[]): Promise<readonly TextFile[]> {
  const read = await Promise.all(files.filter(({ size }) => size <= mostBytes).map(readOne));
  return read.flat();
}

async function readOne(file: File): Promise<readonly TextFile[]> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3;
  return isZip ? unzip(bytes) : [{ name: file.name, text: new TextDecoder().decode(bytes) }];
}

/** The texts of a zip. What claims to be larger when unpacked than `mostBytes` in all is left out. */
export function unzip(bytes: Uint8Array): readonly TextFile[] {
  let left = mostBytes;
  const entries = unzipSync(bytes, {
    filter: ({ name, originalSize }) => {
      const isWanted =
        !name.endsWith("/") && /\.(?:ya?ml|json|txt|dump|conf|save|log)$|^[^.]+$/.test(name) && originalSize <= left;
      if (isWanted) left -= originalSize;
      return isWanted;
    },
  });
  return Object.entries(entries).map(([name, content]) => ({ name, text: strFromU8(content) }));
}
