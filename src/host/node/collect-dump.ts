import { existsSync } from "node:fs";
import { type DumpCommand, dumpCommands, type HostDump, neededFiles } from "../../changes/found/host-dump.ts";
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
