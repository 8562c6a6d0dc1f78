import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type Loose, simulated } from "./states.ts";

/** What kube-controller-manager 1.36.3 made of the Services, Pods and Nodes in state.jsonl. */
const recorded = (file: string): readonly Loose[] =>
  readFileSync(new URL(`../fixtures/simulate-controller/${file}`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

const sorted = (list: readonly unknown[]): readonly string[] => list.map((item) => JSON.stringify(item)).sort();

/** Slices by Service and family, without their names and without the order of what is in them. */
function comparable(slices: readonly Loose[]): readonly string[] {
  return sorted(
    slices.map(({ metadata, addressType, ports, endpoints }) => {
      const { "kubernetes.io/service-name": service, "service.kubernetes.io/headless": headless } = metadata.labels;
      const ownPorts = ports.map(({ name, port, protocol, appProtocol }: Loose) => [name, port, protocol, appProtocol]);
      const own = endpoints.map(({ addresses, conditions, targetRef, ...rest }: Loose) => [
        addresses,
        [conditions.ready, conditions.serving, conditions.terminating],
        [targetRef.kind, targetRef.namespace, targetRef.name],
        [rest.nodeName, rest.zone, rest.hostname, rest.hints?.forZones, rest.hints?.forNodes],
      ]);
      return { service, headless, addressType, ports: sorted(ownPorts), endpoints: sorted(own) };
    }),
  );
}

it("simulated slices say what the EndpointSlice controller's say", () => {
  const state = recorded("state.jsonl");
  const { of } = simulated(state);
  expect(comparable(of("EndpointSlice"))).toEqual(comparable(recorded("slices.jsonl")));
  expect(of("Pod")).toEqual(state.filter(({ kind }) => kind === "Pod"));
});
