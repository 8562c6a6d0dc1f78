import { type Diagnostic, isBare, simulate } from "../../index.ts";
import type { Settings } from "../protocol.ts";

/** The objects of a state, completed where only manifests are given. */
export interface CompleteState {
  readonly objects: readonly unknown[];
  /** Errors of the simulation; its origins count the given documents. */
  readonly diagnostics: readonly Diagnostic[];
  /** What was invented: `3 Nodes, 8 Pods`; undefined where nothing was. */
  readonly simulated: string | undefined;
}

/** Simulates a cluster around bare manifests; any other state is taken as it is. */
export function completeState(values: readonly unknown[], settings: Settings): CompleteState {
  if (!isBare(values)) return { objects: values, diagnostics: [], simulated: undefined };
  const { nodes, down: fail, scale } = settings;
  const { objects, diagnostics } = simulate(values, { nodes, fail: known(fail, nodes), scale });
  const notice = diagnostics.find(({ code }) => code === "state-simulated");
  return {
    // With errors nothing is simulated; the map still shows what is given.
    objects: objects.length > 0 ? objects : values,
    diagnostics: diagnostics.filter((one) => one !== notice),
    simulated: notice?.message.replace(/^simulated: /, ""),
  };
}

/** Nodes that are down, without those that a smaller cluster does not have. */
function known(down: readonly string[], nodes: number): readonly string[] {
  return down.filter((name) => Number(/\d+$/.exec(name)?.[0] ?? 0) <= nodes);
}
