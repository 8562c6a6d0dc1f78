import {
  comment,
  destination,
  destinationPort,
  inInterface,
  notInInterface,
  notSource,
  protocol,
  source,
} from "../../../languages/iptables/write.ts";
import type {
  FamilySettings,
  LocalTrafficDetector,
  ServicePortPlan,
} from "../../../plan/forwarding/forwarding-plan.ts";

/** One address as a network: `10.0.0.1/32`. */
export function hostCidr(ip: string, { family }: FamilySettings): string {
  return family === "ipv4" ? `${ip}/32` : `${ip}/128`;
}

/** Traffic to the service port on one of its addresses. `what` completes the comment. */
export function vipMatch(plan: ServicePortPlan, settings: FamilySettings, ip: string, what: string): string {
  return (
    destination(hostCidr(ip, settings)) +
    protocol(plan.protocol) +
    comment(`${plan.name} ${what}`) +
    destinationPort(plan.protocol, plan.port.port)
  );
}

/** The match for local traffic, in two parts that iptables-save prints at different positions of a rule. */
export interface LocalMatch {
  readonly source: string;
  readonly interface: string;
}

export function fromLocal(local: LocalTrafficDetector): LocalMatch {
  switch (local.kind) {
    case "source":
      return { source: source(local.cidr.text), interface: "" };
    case "interface":
      return { source: "", interface: inInterface(local.name) };
    case "interface-prefix":
      return { source: "", interface: inInterface(`${local.prefix}+`) };
  }
}

export function notFromLocal(local: LocalTrafficDetector): LocalMatch {
  switch (local.kind) {
    case "source":
      return { source: notSource(local.cidr.text), interface: "" };
    case "interface":
      return { source: "", interface: notInInterface(local.name) };
    case "interface-prefix":
      return { source: "", interface: notInInterface(`${local.prefix}+`) };
  }
}
