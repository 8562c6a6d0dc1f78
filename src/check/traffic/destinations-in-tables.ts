import { canonicalAddress, isAddress } from "../../datapath/address-set.ts";
import { elementText, type NftElement } from "../../languages/nftables/ruleset.ts";
import { type Family, families } from "../../model/address.ts";
import { parseServicePortChainName } from "../../programs/kube-proxy/nftables/names.ts";
import { serviceInRule } from "../../reconcile/attribution.ts";
import { ownTable } from "./restore-nftables.ts";
import { protocolNamed, type ServiceDestination } from "./service-destinations.ts";
import type { TrafficHost } from "./traffic-host.ts";

/** The maps with a key of address, protocol and port, and those with a key of protocol and port. */
const byAddress = ["service-ips", "no-endpoint-services", "firewall-ips"] as const;
const byPort = ["service-nodeports", "no-endpoint-nodeports"] as const;

/** The addresses and node ports that are keys of kube-proxy's maps. */
export function destinationsInTables(
  { ruleset, nodeAddress }: TrafficHost,
  family: Family,
): readonly ServiceDestination[] {
  const table = ownTable(ruleset, family);
  if (table === undefined) return [];
  const clusterIps = new Set(table.sets.get("cluster-ips")?.elements.map(({ key }) => key));
  const found: ServiceDestination[] = [];
  const enter = (element: NftElement, kind: "address" | "node-port"): void => {
    const parts = element.key.split(" . ");
    const [address = "", name = "", port = ""] = kind === "node-port" ? [nodeAddress[family], ...parts] : parts;
    const protocol = protocolNamed(name);
    if (protocol === undefined || !isAddress(address) || !/^\d+$/.test(port)) return;
    const isClusterIp = clusterIps.has(address) || /^goto (?:service|local)-/.test(element.value ?? "");
    found.push({
      kind: kind === "node-port" ? kind : isClusterIp ? "cluster-ip" : "external",
      family,
      address: canonicalAddress(address),
      port: Number(port),
      protocol,
      service: serviceInRule(elementText(element)),
    });
  };
  for (const name of byAddress) for (const each of table.sets.get(name)?.elements ?? []) enter(each, "address");
  for (const name of byPort) for (const each of table.sets.get(name)?.elements ?? []) enter(each, "node-port");
  return found;
}

const targets =
  /(?:\bdnat to | : )(?:([\d.]+)(?::\d+| \. \d+)|\[?([\da-f:.]*:[\da-f:.]*?)(?:\]:\d+| \. \d+))(?=[ ,}]|$)/g;

/** The addresses that kube-proxy's rules send to. */
export function targetsInTables({ ruleset }: TrafficHost): ReadonlySet<string> {
  const found = new Set<string>();
  for (const family of families) {
    for (const chain of ownTable(ruleset, family)?.chains.values() ?? []) {
      if (parseServicePortChainName(chain.name) === undefined) continue;
      for (const { text } of chain.rules)
        for (const [, v4, v6] of text.matchAll(targets)) {
          const address = v4 ?? v6 ?? "";
          if (isAddress(address)) found.add(canonicalAddress(address));
        }
    }
  }
  return found;
}

/** The endpoints on this node, which a set names. */
export function hairpinsInTables({ ruleset }: TrafficHost): ReadonlySet<string> {
  const elements = families.flatMap(
    (family) => ownTable(ruleset, family)?.sets.get("hairpin-connections")?.elements ?? [],
  );
  return new Set(elements.map(({ key }) => canonicalAddress(key.split(" . ")[0] ?? "")));
}
