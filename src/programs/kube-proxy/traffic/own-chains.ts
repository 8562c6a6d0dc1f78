import type { Hop, Outcome } from "../../../datapath/packet.ts";
import type { ServiceDestination, TrafficHost } from "../../traffic-mode.ts";
import { iptablesChains, isBalancingChain, isEndpointChain } from "../chain-names.ts";
import { isOwnTableName } from "../nftables/names.ts";

/** The packet passed a chain that distributes it over endpoints. */
export function isBalanced({ hops }: Outcome): boolean {
  return hops.some(
    (hop) =>
      hop.kind === "rule" &&
      (isBalancingChain(hop.chain) || isEndpointChain(hop.chain) || leadsToOwn(hop) || leadsToService(hop)),
  );
}

function leadsToOwn({ rule: { action } }: Extract<Hop, { kind: "rule" }>): boolean {
  const chain = action.kind === "jump" || action.kind === "goto" ? action.chain : "";
  return isBalancingChain(chain) || isEndpointChain(chain);
}

/** In nftables mode, through an element or from chain to chain. */
function leadsToService({ table, chain, element }: Extract<Hop, { kind: "rule" }>): boolean {
  if (!isOwnTableName(table)) return false;
  return ofEndpoints.test(chain) || ofEndpoints.test(element?.split(" : goto ")[1] ?? "");
}

const ofEndpoints = /^(?:service|local|endpoint)-/;

/** No rule of kube-proxy refuses it either, as far as the text shows them. */
export function isLostInChains(outcome: Outcome, { family }: ServiceDestination, { host }: TrafficHost): boolean {
  if (isBalanced(outcome)) return true;
  const tables = host.families[family].tables;
  const external = outcome.hops.map(externalChain).find((name) => name !== undefined);
  if (external === undefined || tables.get("filter")?.has(iptablesChains.externalServices) !== true) return false;
  // Without an endpoint on this node, a chain of policy Local ends without one for clients from outside.
  const nat = tables.get("nat");
  const isLocal = nat?.get(external)?.lines.some((line) => line.includes(" --src-type LOCAL -j KUBE-SVC-")) === true;
  return !isLocal || nat?.has(external.replace("KUBE-EXT-", "KUBE-SVL-")) === true;
}

function externalChain(hop: Hop): string | undefined {
  const action = hop.kind === "rule" ? hop.rule.action : undefined;
  return action?.kind === "jump" && action.chain.startsWith("KUBE-EXT-") ? action.chain : undefined;
}

/** By way of the chain of all endpoints. */
export function reachesAllEndpoints({ hops }: Outcome): boolean {
  return hops.some((hop) => hop.kind === "rule" && /^(?:KUBE-SVC|service)-/.test(hop.chain));
}
