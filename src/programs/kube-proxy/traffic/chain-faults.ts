import { canonicalAddress } from "../../../datapath/address-set.ts";
import { createSubject, type Sink } from "../../../diagnostics/diagnostic.ts";
import { placeIn } from "../../../diagnostics/place.ts";
import { fileOf, type LoadedChain } from "../../../ir/datapath.ts";
import { type Family, families } from "../../../model/address.ts";
import { serviceInRule } from "../../registry.ts";
import { type ChainCheck, listed, type PlaceOfChain } from "../../traffic-mode.ts";
import { iptablesChains, isEndpointChain, parseServicePortChain } from "../chain-names.ts";
import type { Chains } from "./own-rules.ts";

/** Faults of chains whose packets cannot be asked for, since the address is lost with the rule. */
export function checkChains({ traffic, placeOf }: ChainCheck, sink: Sink): void {
  for (const family of families) {
    const nat = traffic.host.families[family].tables.get("nat");
    if (nat === undefined) continue;
    checkNodePorts(nat, { family, placeOf }, sink);
    for (const chain of nat.values()) if (isEndpointChain(chain.name)) checkEndpointChain(chain, nat, sink);
  }
}

interface Where {
  readonly family: Family;
  readonly placeOf: PlaceOfChain;
}

/** KUBE-NODEPORTS is empty, and no rule calls chains that it would call. */
function checkNodePorts(nat: Chains, { family, placeOf }: Where, sink: Sink): void {
  const [services, nodePorts] = [nat.get(iptablesChains.services), nat.get(iptablesChains.nodePorts)];
  if (nodePorts?.lines.length !== 0) return;
  const external = [...nat.values()].filter(({ name }) => parseServicePortChain(name)?.kind === "EXT");
  const called = new Set((services?.lines ?? []).map((line) => line.slice(line.lastIndexOf(" ") + 1)));
  const isCalled = ({ name }: LoadedChain): boolean => called.has(name) || called.has(name.replace("-EXT-", "-FW-"));
  if (external.every(isCalled)) return;
  const names = [...new Set(external.flatMap(({ lines }) => lines.flatMap((line) => serviceInRule(line) ?? [])))];
  const chain = iptablesChains.nodePorts;
  sink.reporter(createSubject("Chain", "nat", chain))(
    "service-chain-flushed",
    placeOf(family, "nat", chain),
    {
      chain,
      table: "nat",
      sources: "all sources",
      services: `node ports of ${listed(names)}`,
      effect: "reach no endpoint",
    },
    { services: names },
  );
}

const hairpinSource = / -s (\S+?)\/(?:32|128) /;

/** The first rule of an endpoint's chain names the endpoint as a source, the last one as a destination. */
function checkEndpointChain(chain: LoadedChain, nat: Chains, sink: Sink): void {
  const { name, lines, numbers, reader } = chain;
  const last = lines.length - 1;
  const [, own] = hairpinSource.exec(lines[0] ?? "") ?? [];
  const [target] = reader.peekTranslations(lines[last] ?? "") ?? [];
  if (own === undefined || target === undefined || canonicalAddress(own) === canonicalAddress(target)) return;
  const service = serviceInRule(lines[0] ?? "") ?? serviceOf(name, nat);
  sink.reporter(createSubject("Chain", "nat", name))(
    "service-endpoint-changed",
    placeIn(fileOf(chain, last), numbers[last] ?? 0),
    { chain: name, own, target, service: service ?? "a Service" },
    { services: service === undefined ? [] : [service] },
  );
}

/** In large clusters rules of endpoints have no comment: the chain that calls this one has. */
function serviceOf(name: string, nat: Chains): string | undefined {
  for (const { lines } of nat.values()) {
    if (!lines.some((line) => line.endsWith(` -j ${name}`))) continue;
    for (const line of lines) {
      const service = serviceInRule(line);
      if (service !== undefined) return service;
    }
  }
  return undefined;
}
