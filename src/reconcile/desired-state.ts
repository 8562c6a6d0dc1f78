import { type Artifact, artifactsOf, type LanguageId, type Script } from "../ir/artifact.ts";
import type { OwnedRules } from "../ir/owned.ts";
import type { UdpService } from "../languages/conntrack.ts";
import { languageOf } from "../languages/registry.ts";
import type { Family } from "../model/address.ts";
import type { ForwardingPlan, ServicePortPlan } from "../plan/forwarding/forwarding-plan.ts";
import { addressDevice } from "../programs/registry.ts";
import { ownedRules, ownedServers, ownedSets, ownedTables } from "./owned-objects.ts";
import type { OwnedState } from "./owned-state.ts";

/** The state of a host after a compiled script has run. */
export function ownedInScript(script: Script): OwnedState {
  const artifacts = artifactsOf(script);
  const inLanguage = (id: LanguageId): readonly Artifact[] => artifacts.filter(({ language }) => language === id);
  const makesDevice = script.steps.some(({ argv }) => argv.includes(addressDevice));
  const bound = languageOf.iproute.parse(inLanguage("iproute")).doc;
  return {
    rules: { ipv4: rulesIn(inLanguage("iptables"), "ipv4"), ipv6: rulesIn(inLanguage("iptables"), "ipv6") },
    sets: ownedSets(languageOf.ipset.parse(inLanguage("ipset")).doc, new Set()),
    tables: ownedTables(languageOf.nftables.parse(inLanguage("nftables")).doc),
    servers: ownedServers(languageOf.ipvs.parse(inLanguage("ipvs")).doc),
    addresses: makesDevice ? new Set(bound.map(({ cidr }) => cidr)) : undefined,
    sysctls: languageOf.sysctl.parse(inLanguage("sysctl")).doc,
    counters: new Set(languageOf.nfacct.parse(inLanguage("nfacct")).doc),
    timeouts: languageOf["ipvs-timeouts"].parse(inLanguage("ipvs-timeouts")).doc,
  };
}

function rulesIn(artifacts: readonly Artifact[], family: Family): OwnedRules | undefined {
  const parts = artifacts.filter((artifact) => artifact.family === family);
  if (parts.length === 0) return undefined;
  const rules = ownedRules(languageOf.iptables.parse(parts).doc);
  const tables = [...rules.tables].map(([name, table]) => [name, { ...table, foreignBefore: new Map() }] as const);
  return { ...rules, tables: new Map(tables) };
}

/** The UDP service ports of a node whose conntrack entries may have to be deleted. */
export function udpServices({ families }: ForwardingPlan): readonly UdpService[] {
  const services: UdpService[] = [];
  for (const { family, servicePorts } of families) {
    for (const servicePort of servicePorts) {
      if (servicePort.protocol !== "udp") continue;
      const service = udpService(family, servicePort);
      if (service.endpoints.size > 0) services.push(service);
    }
  }
  return services;
}

/** Policies and termination are ignored: existing UDP connections continue, as those of TCP do. */
function udpService(family: Family, { port, clusterIp, external, endpoints }: ServicePortPlan): UdpService {
  const vips = [clusterIp, ...(external?.loadBalancerIps ?? []), ...(external?.externalIps ?? [])];
  const serving = endpoints.all.filter(({ entry }) => entry.serving);
  return {
    family,
    addresses: vips.map(({ address: { text } }) =>
      family === "ipv4" ? `${text}:${port.port}` : `[${text}]:${port.port}`,
    ),
    nodePort: external?.nodePort,
    endpoints: new Set(serving.map(({ target }) => target)),
  };
}
