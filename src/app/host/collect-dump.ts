import type { Host } from "../../host/run-step.ts";
import { type DumpCommand, dumpCommands, type HostDump, neededFiles } from "../../reconcile/live/host-dump.ts";

/** What the tools print of a host. A tool that is missing or fails leaves its reason, not an error. */
export async function collectDump({ run, exists }: Host, onProgress: (what: string) => void): Promise<HostDump> {
  const texts: Partial<Record<DumpCommand, string>> = {};
  const failures: Partial<Record<DumpCommand, string>> = {};
  for (const command of dumpCommands) {
    onProgress(`reading this host: ${command.split(" ", 2).join(" ")}`);
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
