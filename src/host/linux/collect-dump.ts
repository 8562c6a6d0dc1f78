import { existsSync } from "node:fs";
import { join } from "node:path";
import type { HostDocument } from "../../ir/host-document.ts";
import {
  collectedDocument,
  collectHeadings,
  neededFile,
  printDocument,
} from "../../reconcile/live/collected-document.ts";
import { makeDirectory, writeWhole } from "../files/write-files.ts";
import { type Run, runOnHost } from "./run-step.ts";

/** A host as it can be reached: its processes, and which files it has. */
export interface Host {
  readonly run: Run;
  readonly exists: (path: string) => boolean;
}

export const localHost: Host = { run: runOnHost, exists: existsSync };

/** What the tools print of a host. A tool that is missing or fails leaves its reason, not an error. */
export async function collectDump({ run, exists }: Host, tell: (what: string) => void): Promise<HostDocument> {
  const texts: Record<string, string> = {};
  const failures: Record<string, string> = {};
  for (const command of collectHeadings) {
    tell(`reading this host: ${command.split(" ", 2).join(" ")}`);
    const file = neededFile(command);
    if (file !== undefined && !exists(file)) {
      failures[command] = `no ${file}`;
      continue;
    }
    const { stdout, failure } = await run(command.split(" "), "");
    if (failure === undefined) texts[command] = stdout;
    else failures[command] = failure;
  }
  return collectedDocument({ texts, failures });
}

/**
 * Keeps a dump in a directory, named by the time, and gives its path. Without room for it nothing is to be changed.
 * Throws the file system's error.
 */
export function writeBackup(directory: string, document: HostDocument): string {
  const time = new Date().toISOString().replace(/[-:.]/g, "");
  const path = join(directory, `portolan-backup-${time}.txt`);
  makeDirectory(directory);
  writeWhole(path, printDocument(document));
  return path;
}
