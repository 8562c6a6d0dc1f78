import { stringify } from "yaml";
import { readHost, thisHost } from "../../app/host/read-host.ts";
import { printCollectScript, printDocument } from "../../reconcile/live/collected-document.ts";
import { exitCodes } from "../exit-codes.ts";
import { startProgress } from "../terminal/progress.ts";

export interface CollectFlags {
  readonly script?: boolean;
  readonly host?: boolean;
  readonly node?: string;
}

/** `portolan collect`. */
export async function runCollect(flags: CollectFlags): Promise<number> {
  if (flags.script === true) {
    process.stdout.write(printCollectScript());
    return exitCodes.fine;
  }
  const progress = startProgress(process.stderr);
  const { document: collected, state } = await readHost(thisHost, progress);
  progress.end();
  if (flags.host === true) {
    const name = flags.node ?? state.name;
    const document = { apiVersion: "portolan/v1alpha1", kind: "Host", metadata: { name }, addresses: state.addresses };
    process.stdout.write(stringify(document));
    return exitCodes.fine;
  }
  process.stdout.write(printDocument(collected));
  for (const [command, reason] of Object.entries(collected.failures)) {
    process.stderr.write(`left out: ${command}: ${reason}\n`);
  }
  return exitCodes.fine;
}
