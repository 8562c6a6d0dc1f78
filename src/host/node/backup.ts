import { join } from "node:path";
import { type HostDump, printHostDump } from "../../changes/found/host-dump.ts";
import { makeDirectory } from "../files/write-files.ts";
import { writeWhole } from "../files/write-whole.ts";

/**
 * Keeps a dump in a directory, named by the time, and gives its path. Without room for it nothing is to be changed.
 * Throws the file system's error.
 */
export function writeBackup(directory: string, dump: HostDump): string {
  const time = new Date().toISOString().replace(/[-:.]/g, "");
  const path = join(directory, `portolan-backup-${time}.txt`);
  makeDirectory(directory);
  writeWhole(path, printHostDump(dump));
  return path;
}
