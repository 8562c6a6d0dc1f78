import type { Effects, Machine } from "../app/effects.ts";
import { findSource } from "../host/files/find-source.ts";
import { readActual } from "../host/files/read-actual.ts";
import { readInputs } from "../host/files/read-inputs.ts";
import { readText } from "../host/files/read-sources.ts";

/** The real effects. Modules that only some commands need are loaded on demand. */
export const realEffects: Pick<Effects, "sources" | "machine"> = {
  sources: {
    readInputs,
    findSource,
    readActual,
    readText,
    readLive: async (request, onProgress) => (await import("../host/kube/read-live.ts")).readLive(request, onProgress),
  },
  machine: loadMachine,
};

async function loadMachine(): Promise<Machine> {
  const [{ localHost }, preflight, { writeBackup }, { readPlan, fingerprintOf }] = await Promise.all([
    import("../host/run-step.ts"),
    import("../host/preflight.ts"),
    import("../host/files/write-files.ts"),
    import("../host/files/plan-file.ts"),
  ]);
  return { host: localHost, ...preflight, writeBackup, readPlan, fingerprintOf };
}
