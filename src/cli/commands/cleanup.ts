import { type ChangeFlags, changeHost } from "../../app/host/change-host.ts";
import { nothingOwned } from "../../reconcile/owned-state.ts";

export type CleanupFlags = ChangeFlags;

/** `portolan cleanup`. */
export async function runCleanup(flags: CleanupFlags): Promise<number> {
  const ofLine = () => undefined;
  return changeHost(
    async ({ name: node }) => ({ node, mode: "cleanup", wanted: nothingOwned, udpServices: [], excluded: [], ofLine }),
    flags,
  );
}
