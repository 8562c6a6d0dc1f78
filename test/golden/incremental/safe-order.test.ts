import { describe, expect, test } from "vitest";
import { createCompiler } from "../../../src/index.ts";
import { textSteps } from "../../harness/compilation.ts";
import { type Allows, byVerdict, exactly, runObserved } from "../../harness/run-observed.ts";
import { SimulatedHost } from "../../harness/simulated-host.ts";
import {
  far,
  type Mode,
  near,
  others,
  type StateShape,
  stateObjects,
  transitions,
} from "../../harness/transition-states.ts";

const shared: Readonly<Record<string, readonly [StateShape, StateShape]>> = {
  "a Service goes that shares its address and port with another": [
    { web: { endpoints: [near], externalIp: "198.18.0.1" }, mail: { endpoints: [], externalIp: "198.18.0.1" } },
    { mail: { endpoints: [], externalIp: "198.18.0.1" } },
  ],
  "of two on one address and port one loses its endpoints": [
    { web: { endpoints: [near], externalIp: "198.18.0.1" }, mail: { endpoints: [far], externalIp: "198.18.0.1" } },
    { web: { endpoints: [near], externalIp: "198.18.0.1" }, mail: { endpoints: [], externalIp: "198.18.0.1" } },
  ],
};

type Named = { readonly kind: string; readonly metadata?: { readonly namespace?: string; readonly name: string } };

/** What turns one state's objects into another's. */
function changesBetween(from: readonly object[], to: readonly object[]) {
  const keyOf = (object: object): string => {
    const { kind, metadata } = object as Named;
    return `${kind} ${metadata?.namespace} ${metadata?.name}`;
  };
  const before = new Map(from.map((object) => [keyOf(object), object]));
  const after = new Set(to.map(keyOf));
  const gone = [...before].filter(([key]) => !after.has(key)).map(([, object]) => object as Named);
  return {
    upsert: to.filter((object) => JSON.stringify(before.get(keyOf(object))) !== JSON.stringify(object)),
    remove: gone.map(({ kind, metadata }) => ({ kind, namespace: metadata?.namespace, name: metadata?.name ?? "" })),
  };
}

describe.each<Mode>(["iptables", "ipvs", "nftables"])(
  "in %s mode, a packet is treated as before or as after when",
  (mode) => {
    const allows: Allows = mode === "ipvs" ? byVerdict : exactly;

    test.each(Object.entries({ ...transitions, ...shared }))("%s", (_, states) => {
      const [from, to] = states.map((shape) => stateObjects({ ...others, ...shape }, { mode })) as [object[], object[]];
      const compiler = createCompiler({ node: "node1" });
      const host = new SimulatedHost();
      runObserved(host, textSteps(compiler.update({ upsert: from }).steps));
      for (const [before, after] of [
        [from, to],
        [to, from],
      ] as const) {
        const { steps, scope } = compiler.update(changesBetween(before, after));
        expect(scope).toBe("part");
        expect(runObserved(host, textSteps(steps), allows)).toEqual([]);
      }
    });
  },
);
