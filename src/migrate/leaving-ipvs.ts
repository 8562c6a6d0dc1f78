import { isRecord } from "../model/fields/fields.ts";
import type { Service } from "../model/objects/service.ts";
import type { MigrationFacts, StateRule } from "./rule.ts";

/** A rule for clusters that leave a mode with a scheduler: IPVS has the addresses, the connections and their clients. */
function ofIpvs(code: StateRule["code"], find: StateRule["find"]): StateRule {
  return { kind: "state", code, find: (facts) => (facts.traits.balancing === "scheduler" ? find(facts) : undefined) };
}

export const ipvsConnections = ofIpvs("migrate-ipvs-connections", ({ services }) =>
  services.size === 0 ? undefined : {},
);

/** Programs that announce or bind Service addresses on nodes, by a word in the names of their pods. */
const announcers = /^(?:metallb|speaker|kube-vip|keepalived)\b/;

export const boundAddresses = ofIpvs("migrate-bound-addresses", (facts) => {
  const announced = namesOf(
    facts,
    ({ externalIps, loadBalancerIps }) => externalIps.length + loadBalancerIps.length > 0,
  );
  const addresses = new Set([...facts.services.values()].flatMap(vipsOf));
  if (addresses.size === 0) return undefined;
  const programs = facts.objects
    .filter(({ kind }) => kind === "DaemonSet" || kind === "Pod")
    .map(({ kind, value: { metadata } }) => ({ kind, ...(isRecord(metadata) ? metadata : {}) }) as Named)
    .filter(({ name }) => announcers.test(String(name)));
  return {
    services: announced,
    details: [
      `${addresses.size} ${addresses.size === 1 ? "address" : "addresses"} on kube-ipvs0`,
      ...programs.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name} announces addresses`),
    ],
  };
});

interface Named {
  readonly kind: string;
  readonly namespace?: unknown;
  readonly name?: unknown;
}

export const strictArp = ofIpvs("migrate-strict-arp", ({ cluster }) =>
  cluster.proxyConfiguration.ipvs.strictArp ? {} : undefined,
);

export const ipvsTimeouts = ofIpvs("migrate-ipvs-timeouts", ({ cluster }) => {
  const { timeouts } = cluster.proxyConfiguration.ipvs;
  if (timeouts === undefined) return undefined;
  const { tcp, tcpFin, udp } = timeouts;
  const named = Object.entries({ tcpTimeout: tcp, tcpFinTimeout: tcpFin, udpTimeout: udp });
  return { details: named.filter(([, seconds]) => seconds > 0).map(([name, seconds]) => `ipvs.${name} ${seconds} s`) };
});

export const affinityScope = ofIpvs("migrate-affinity-scope", (facts) => {
  const services = namesOf(facts, (service) => service.affinity !== undefined && addressesOf(service).length > 1);
  return services.length === 0 ? undefined : { services };
});

/** The persistence of IPVS: what packets of both sides show for the lists of iptables. */
export const persistenceRestarts = ofIpvs("migrate-affinity-restarts", (facts) => {
  const services = namesOf(facts, ({ affinity }) => affinity !== undefined);
  return services.length === 0 ? undefined : { services };
});

function namesOf({ services }: MigrationFacts, has: (service: Service) => boolean): readonly string[] {
  return [...services]
    .filter(([, service]) => has(service))
    .map(([name]) => name)
    .sort();
}

/** Every address it answers on; node ports count as one. */
function addressesOf(service: Service): readonly string[] {
  return [...vipsOf(service), ...(service.ports.some(({ nodePort }) => nodePort !== undefined) ? ["node port"] : [])];
}

function vipsOf({ clusterIps, externalIps, loadBalancerIps }: Service): readonly string[] {
  return [...Object.values(clusterIps), ...externalIps, ...loadBalancerIps].map(({ address }) => address.text);
}
