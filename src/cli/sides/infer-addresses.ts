import { parseTarget } from "../../evaluate/addresses.ts";
import type { HostTexts } from "../../evaluate/host-texts.ts";
import { parseSets } from "../../tools/ipset/parse.ts";

export interface InferredAddresses {
  readonly serviceAddresses: readonly string[];
  /** Undefined where virtual servers do not show them. */
  readonly nodeAddresses: readonly string[] | undefined;
}

/**
 * What ipvs mode shows of a host's addresses: virtual servers take traffic only for addresses the host has. Those of
 * Services are on kube-ipvs0 or, where nobody dumped that, in the sets of service addresses; the others are the node's.
 */
export function inferAddresses({ ipvs, ipset, serviceAddresses }: HostTexts): InferredAddresses {
  const served = new Set<string>();
  for (const { text } of ipvs) {
    for (const [, address = ""] of text.matchAll(/^-A \S+ (\S+)/gm))
      served.add(parseTarget(address)?.address ?? address);
  }
  if (served.size === 0) return { serviceAddresses, nodeAddresses: undefined };
  const known = new Set(serviceAddresses);
  if (known.size === 0) {
    const sets = ipset.flatMap(({ text }) => parseSets(text).sets).filter(({ name }) => serviceSets.test(name));
    for (const entry of sets.flatMap(({ entries }) => entries)) known.add(entry.text.split(",")[0] ?? "");
  }
  const nodeAddresses = [...served].filter((address) => !known.has(address));
  return {
    serviceAddresses: serviceAddresses.length > 0 ? serviceAddresses : [...served].filter((each) => known.has(each)),
    nodeAddresses: nodeAddresses.length > 0 ? nodeAddresses : undefined,
  };
}

const serviceSets = /^KUBE-(?:6-)?(?:CLUSTER-IP|EXTERNAL-IP|LOAD-BALANCER)(?:-LOCAL)?$/;
