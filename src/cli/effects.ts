import { createHash } from "node:crypto";
import type { Effects, Machine } from "../app/effects.ts";
import { findSource } from "../host/files/find-source.ts";
import { readActual } from "../host/files/read-actual.ts";
import { readInputs } from "../host/files/read-inputs.ts";
import { readText } from "../host/files/read-sources.ts";
import { portolanVersion } from "./exit-codes.ts";

/** The real effects. Modules that only some commands need are loaded on demand. */
export const realEffects: Pick<Effects, "sources" | "version" | "sha256" | "machine"> = {
  sources: {
    readInputs,
    findSource,
    readActual,
    readText,
    readLive: async (request, onProgress) => (await import("../host/kube/read-live.ts")).readLive(request, onProgress),
  },
  get version() {
    return portolanVersion();
  },
  sha256: (text) => createHash("sha256").update(text).digest("hex"),
  machine: loadMachine,
};

/** Where the build has put the pages that `serve` shows; the bundled program is in the folder of this module too. */
export const siteFolder = new URL("../web/", import.meta.url);

async function loadMachine(): Promise<Machine> {
  const [{ localHost }, preflight, { writeBackup }] = await Promise.all([
    import("../host/run-step.ts"),
    import("../host/preflight.ts"),
    import("../host/files/write-files.ts"),
  ]);
  return { host: localHost, ...preflight, writeBackup };
}
