import { createSubject } from "../../../diagnostics/diagnostic.ts";
import type { Place } from "../../../diagnostics/place.ts";
import type { NftChain } from "../../../languages/nftables/ruleset.ts";
import { tableName } from "../../../languages/nftables/stages.ts";
import { iptablesChains, isServicePortChain } from "../../../programs/kube-proxy/chain-names.ts";
import { addressDevice } from "../../../programs/kube-proxy/names.ts";
import { isOwnedTable } from "../../../programs/kube-proxy/nftables/names.ts";
import { setPrefix } from "../../../programs/kube-proxy/set-names.ts";
import { placeIn } from "../../places-in-texts.ts";
import type { CheckedHost, TextRule } from "../checked-host.ts";

/** kube-proxy's table of nftables, and what its other modes leave. */
export const modesMixed: TextRule = (host, sink) => {
  const [own] = host.ruleset.tables.filter(isOwnedTable);
  if (own === undefined) return;
  const others = [...chainsOfIptables(host), ...objectsOfIpvs(host)];
  const [first] = others;
  if (first === undefined) return;
  sink.reporter(createSubject("Table", "", tableName(own)))("kube-proxy-modes-mixed", first.place, {
    table: tableName(own),
    others: others.map(({ name }) => name).join(", "),
  });
};

interface Leftover {
  readonly name: string;
  readonly place: Place | undefined;
}

/** Chains of Services with rules: kubelet keeps empty ones, and iptables mode always has these. */
function chainsOfIptables({ tables, ruleset }: CheckedHost): readonly Leftover[] {
  const isUsed = (name: string, rules: number): boolean =>
    rules > 0 && (name === iptablesChains.services || isServicePortChain(name));
  for (const { name, chains } of tables) {
    if (name !== "nat") continue;
    for (const chain of chains.values())
      if (isUsed(chain.name, chain.rules.length)) return [{ name: `${chain.name} of iptables`, place: chain.place }];
  }
  const listed = ruleset.tables.filter(({ name }) => name === "nat").flatMap(({ chains }) => [...chains.values()]);
  const chain = listed.find(({ name, rules }) => isUsed(name, rules.length));
  return chain === undefined ? [] : [{ name: `${chain.name} of iptables`, place: placeOf(chain) }];
}

function placeOf({ file, line }: NftChain): Place {
  return placeIn(file, line);
}

function objectsOfIpvs({ boundAddresses, servers, sets }: CheckedHost): readonly Leftover[] {
  const hasSets = [...(sets?.keys() ?? [])].some((name) => name.startsWith(setPrefix));
  const [first] = servers;
  return [
    ...((boundAddresses?.size ?? 0) > 0 ? [{ name: `addresses of ${addressDevice}`, place: undefined }] : []),
    ...(first !== undefined ? [{ name: "virtual servers of IPVS", place: first.place }] : []),
    ...(hasSets ? [{ name: `sets ${setPrefix}*`, place: undefined }] : []),
  ];
}
