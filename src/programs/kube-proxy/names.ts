import { commentsOf } from "../../languages/iptables/rule-lines.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import type { ObjectRef, Owner, Program, ProgramId, ServicePortChainKind } from "../program.ts";
import {
  fixedChains,
  iptablesChains,
  ipvsChains,
  parseServicePortChain,
  servicePortChainKinds,
  servicePortChainPurposes,
  servicePortInComment,
} from "./chain-names.ts";
import { isOwnedSet, setKeyOf, sets } from "./set-names.ts";

/** nfacct counters of the iptables mode, by the names of pkg/proxy/metrics. */
export const counters = {
  invalidDropped: "ct_state_invalid_dropped_pkts",
  localhostNodePort: "localhost_nps_accepted_pkts",
} as const;

/** The dummy device with the service addresses of ipvs mode. */
export const addressDevice = "kube-ipvs0";

/** Sysctls that kube-proxy sets, with their purposes. */
const sysctls = new Map<string, { readonly mode: ProxyMode; readonly purpose: string }>([
  ["net.ipv4.conf.all.route_localnet", { mode: "iptables", purpose: "lets node ports answer on 127.0.0.1" }],
  ["net.ipv4.conf.all.arp_announce", { mode: "ipvs", purpose: "keeps service addresses out of ARP requests" }],
  ["net.ipv4.conf.all.arp_ignore", { mode: "ipvs", purpose: "leaves ARP requests for service addresses unanswered" }],
  ["net.ipv4.ip_forward", { mode: "ipvs", purpose: "lets the host forward packets to endpoints" }],
  ["net.ipv4.vs.conntrack", { mode: "ipvs", purpose: "has conntrack follow connections of virtual servers" }],
  ["net.ipv4.vs.expire_nodest_conn", { mode: "ipvs", purpose: "ends connections to real servers that are gone" }],
  ["net.ipv4.vs.expire_quiescent_template", { mode: "ipvs", purpose: "ends affinity to real servers of weight 0" }],
]);

const counterPurposes: ReadonlyMap<string, string> = new Map([
  [counters.invalidDropped, "counts packets that are dropped because conntrack calls them invalid"],
  [counters.localhostNodePort, "counts packets to node ports on 127.0.0.1"],
]);

function ownerBy(modes: readonly ProxyMode[], component: Owner["component"] = "kube-proxy"): Owner {
  const programs = modes.map((mode): ProgramId => `kube-proxy/${mode}`);
  return { component, programs, servicePort: undefined };
}

const byIptables = ownerBy(["iptables"]);
const byIpvs = ownerBy(["ipvs"]);
const ownersByKind = Object.fromEntries(
  servicePortChainKinds.map((kind) => [kind, { ...byIptables, servicePort: kind }]),
) as Readonly<Record<ServicePortChainKind, Owner>>;
const ownersOfFixed: ReadonlyMap<string, Owner> = new Map(
  [...fixedChains].map(([name, { modes, component }]) => [name, ownerBy(modes, component)]),
);

/** The names of chains that exist whatever the Services. */
export const fixedNames: readonly string[] = [...Object.values(iptablesChains), ...Object.values(ipvsChains)];

/** The owner of an object name; undefined where neither kube-proxy nor the kubelet creates it. */
export function ownerOf(ref: ObjectRef): Owner | undefined {
  const { kind, name } = ref;
  switch (kind) {
    case "chain": {
      const own = parseServicePortChain(name);
      return own === undefined ? ownersOfFixed.get(name) : ownersByKind[own.kind];
    }
    case "set":
      return isOwnedSet(name) ? byIpvs : undefined;
    case "counter":
      return counterPurposes.has(name) ? byIptables : undefined;
    case "device":
      return name === addressDevice ? byIpvs : undefined;
    case "sysctl": {
      const known = sysctls.get(name);
      return known && ownerBy([known.mode]);
    }
  }
}

/**
 * The purpose of an object, as a phrase that completes "it ..."; for a set in the words of kube-proxy's comment.
 * `service` is the owning service port, where it is known. Undefined for an unknown name.
 */
export function purposeOf(ref: ObjectRef, service = "an unknown service port"): string | undefined {
  const { kind, name } = ref;
  switch (kind) {
    case "chain": {
      const own = parseServicePortChain(name);
      if (own !== undefined) return servicePortChainPurposes[own.kind](service);
      return fixedChains.get(name)?.purposes[ref.table ?? ""];
    }
    case "set": {
      const key = setKeyOf(name);
      return key && sets[key].comment;
    }
    case "counter":
      return counterPurposes.get(name);
    case "device":
      return name === addressDevice ? "carries the addresses of Services" : undefined;
    case "sysctl":
      return sysctls.get(name)?.purpose;
  }
}

/** The service port that a comment of a rule of iptables names. */
export function serviceInRule(line: string): string | undefined {
  for (const comment of commentsOf(line)) {
    const name = servicePortInComment(comment);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** The names that one program of iptables creates. */
export function namingOf(id: ProgramId): Pick<Program<unknown>, "ownerOf" | "purposeOf"> {
  const own = (ref: ObjectRef): Owner | undefined => {
    const owner = ownerOf(ref);
    return owner?.programs.includes(id) ? owner : undefined;
  };
  return {
    ownerOf: own,
    purposeOf: (ref, service) => (own(ref) === undefined ? undefined : purposeOf(ref, service)),
  };
}
