import type { Host } from "../../host/run-step.ts";
import type { HostDocument } from "../../ir/host-document.ts";
import { collectedDocument, collectHeadings, neededFile } from "../../reconcile/live/collected-document.ts";

/** What the tools print of a host. A tool that is missing or fails leaves its reason, not an error. */
export async function collectDump({ run, exists }: Host, onProgress: (what: string) => void): Promise<HostDocument> {
  const texts: Record<string, string> = {};
  const failures: Record<string, string> = {};
  for (const command of collectHeadings) {
    onProgress(`reading this host: ${command.split(" ", 2).join(" ")}`);
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
