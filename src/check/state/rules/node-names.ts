import { createSubject, type Sink } from "../../../diagnostics/diagnostic.ts";
import { at } from "../../../diagnostics/place.ts";
import { type EndpointSlice, placeOfEndpoint, type SliceEndpoint } from "../../../model/objects/endpoint-slice.ts";
import type { CheckedService, CheckedState, StateRule } from "../checked-state.ts";
import type { StrayName } from "../node-names.ts";

/** Endpoints on nodes that no Node is named as: to kube-proxy they are local nowhere. */
export const nodeNames: StateRule = (state, sink) => {
  if (state.strayNames.size === 0) return;
  for (const checked of state.services) if (checked.isProxied) checkService(checked, state, sink);
};

interface Found {
  readonly slice: EndpointSlice;
  readonly entry: SliceEndpoint;
  readonly ips: Set<string>;
}

function checkService(checked: CheckedService, state: CheckedState, sink: Sink): void {
  const found = new Map<string, Found>();
  for (const slice of checked.slices) {
    for (const entry of slice.endpoints) {
      const { nodeName, ip } = entry;
      if (nodeName === undefined || !state.strayNames.has(nodeName)) continue;
      const known = found.get(nodeName);
      if (known === undefined) found.set(nodeName, { slice, entry, ips: new Set([ip]) });
      else known.ips.add(ip);
    }
  }
  for (const [nodeName, { slice, entry, ips }] of found) {
    const report = sink.reporter(createSubject(slice.source, slice.namespace, slice.name));
    const endpoints = ips.size === 1 ? `endpoint ${entry.ip}` : `${ips.size} endpoints`;
    const parameters = { nodeName, endpoints, effect: effectOn(checked, state) };
    const hint = hintFor(state.strayNames.get(nodeName));
    report("endpoint-node-unknown", at(placeOfEndpoint(slice, entry), "nodeName"), parameters, { hint });
  }
}

function effectOn({ service }: CheckedService, { program }: CheckedState): string {
  const fields = (["internalTrafficPolicy", "externalTrafficPolicy"] as const).filter(
    (field) => service[field] === "Local",
  );
  if (fields.length === 0) return "";
  const what = program.traits.localPolicyFallsBack ? "does not prefer it on any node" : "drops its traffic";
  return `, and ${fields.join(" and ")} Local ${what}`;
}

function hintFor(stray: StrayName | undefined): string | undefined {
  const node = stray?.node ?? stray?.similar;
  if (node === undefined) return undefined;
  const because = stray?.reason === undefined ? "" : ` (${stray.reason})`;
  return `did you mean ${node}${because}? Start kubelet and kube-proxy of the node with the same --hostname-override, or correct nodeName`;
}
