import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type HostDump, printHostDump } from "../changes/host-dump.ts";
import { makeDirectory } from "./write-files.ts";

/**
 * Keeps a dump in a directory, named by the time, and gives its path. It is on the disk when this returns: without
 * room for it nothing is to be changed. Throws the file system's error.
 */
export function writeBackup(directory: string, dump: HostDump): string {
  const time = new Date().toISOString().replace(/[-:.]/g, "");
  const path = join(directory, `portolan-backup-${time}.txt`);
  const temporary = `${path}.${process.pid}.new`;
  makeDirectory(directory);
  try {
    const file = openSync(temporary, "w", 0o600);
    try {
      const bytes = Buffer.from(printHostDump(dump));
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  return path;
}
