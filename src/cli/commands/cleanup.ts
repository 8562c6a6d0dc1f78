import { nothingOwned } from "../../changes/owned/owned-state.ts";
import { type ChangeFlags, changeHost } from "../host/change-host.ts";

export type CleanupFlags = ChangeFlags;

/** `portolan cleanup`. */
export async function runCleanup(flags: CleanupFlags): Promise<number> {
  const ofLine = () => undefined;
  return changeHost(
    async ({ name: node }) => ({ node, mode: "cleanup", wanted: nothingOwned, udpServices: [], excluded: [], ofLine }),
    flags,
  );
}
