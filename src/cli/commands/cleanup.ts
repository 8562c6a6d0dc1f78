import { cleanupState } from "../../changes/cleanup-state.ts";
import { ownedOnHost } from "../../changes/owned-on-host.ts";
import { type ChangeFlags, changeHost } from "../change-host.ts";

export type CleanupFlags = ChangeFlags;

/** `portolan cleanup`. */
export async function runCleanup(flags: CleanupFlags): Promise<number> {
  return changeHost(async (host) => {
    const found = ownedOnHost(host, { wantedServers: new Set(), excluded: [] });
    const wanted = cleanupState(found);
    return { node: host.name, mode: "none", wanted, udpServices: [], excluded: [], ofLine: () => undefined };
  }, flags);
}
