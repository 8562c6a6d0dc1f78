import { interfaceName, network, nftFamily } from "../../../languages/nftables/write.ts";
import type { FamilySettings, LocalTrafficDetector } from "../../../plan/forwarding/forwarding-plan.ts";

/** Matches packets of pods. */
export function fromLocal(local: LocalTrafficDetector): string {
  return matchSource(local, "");
}

export function notFromLocal(local: LocalTrafficDetector): string {
  return matchSource(local, "!= ");
}

function matchSource(local: LocalTrafficDetector, not: string): string {
  switch (local.kind) {
    case "source":
      return `${nftFamily[local.cidr.family]} saddr ${not}${network(local.cidr)}`;
    case "interface":
      return `iifname ${not}${interfaceName(local.name)}`;
    case "interface-prefix":
      return `iifname ${not}${interfaceName(`${local.prefix}*`)}`;
  }
}

/** Matches packets to addresses that serve node ports. Loopback never does. */
export function toNodePortAddress({ family, nodePorts }: FamilySettings): string {
  if (nodePorts.kind === "addresses") return `${nftFamily[family]} daddr @nodeport-ips`;
  return family === "ipv4" ? "ip daddr != 127.0.0.0/8" : "ip6 daddr != ::1";
}

/** The key of a lookup by service address. */
export function serviceKey({ family }: FamilySettings): string {
  return `${nftFamily[family]} daddr . meta l4proto . th dport`;
}

/** The key of a lookup by node port. */
export const nodePortKey = "meta l4proto . th dport";
