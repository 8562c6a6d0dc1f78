import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type DumpCommand,
  dumpCommands,
  type HostDump,
  neededFiles,
  printHostDump,
} from "../../reconcile/live/host-dump.ts";
import { makeDirectory, writeWhole } from "../files/write-files.ts";
import { type Run, runOnHost } from "./run-step.ts";

/** A host as it can be reached: its processes, and which files it has. */
export interface Host {
  readonly run: Run;
  readonly exists: (path: string) => boolean;
}

export const localHost: Host = { run: runOnHost, exists: existsSync };

/** What the tools print of a host. A tool that is missing or fails leaves its reason, not an error. */
export async function collectDump({ run, exists }: Host, tell: (what: string) => void): Promise<HostDump> {
  const texts: Partial<Record<DumpCommand, string>> = {};
  const failures: Partial<Record<DumpCommand, string>> = {};
  for (const command of dumpCommands) {
    tell(`reading this host: ${command.split(" ", 2).join(" ")}`);
    const file = neededFiles[command];
    if (file !== undefined && !exists(file)) {
      failures[command] = `no ${file}`;
      continue;
    }
    const { stdout, failure } = await run(command.split(" "), "");
    if (failure === undefined) texts[command] = stdout;
    else failures[command] = failure;
  }
  return { texts, failures };
}

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
