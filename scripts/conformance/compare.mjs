import { ipvsDifferences } from "./compare-ipvs.mjs";
import { nftDifferences } from "./compare-nft.mjs";
import { lineDifferences, lines } from "./lines.mjs";
import { restoreFormFaults } from "./restore-form.mjs";
import { comparedChains, inComparedOrder, orderFaults, readRules } from "./rules.mjs";

/**
 * What differs between kube-proxy's rules and ours, as lines to print; empty when nothing does.
 * `expected` holds the oracle's files by name; `compiled` ours, or undefined when Portolan refused.
 */
export function compareWithKubeProxy(expected, compiled) {
  const refusal = expected["error.txt"];
  if (refusal !== undefined) {
    return compiled === undefined ? [] : [`kube-proxy refuses, we compile: ${refusal.trim().split("\n")[0]}`];
  }
  if (compiled === undefined) return ["kube-proxy compiles, we refuse"];
  const mode = expected["ipset.save"] === undefined ? "iptables" : "ipvs";
  return [
    ...familyDifferences("iptables", mode, expected, compiled),
    ...familyDifferences("ip6tables", mode, expected, compiled),
    ...ipvsDifferences(expected, compiled),
    ...nftDifferences(expected, compiled),
    ...lineDifferences("sysctl.conf", settings(expected["sysctl.conf"]), settings(compiled["sysctl.conf"])),
    ...lineDifferences("nfacct.counters", countersUsed(expected), lines(compiled["nfacct.counters"])),
  ];
}

function familyDifferences(tool, mode, expected, compiled) {
  const saved = expected[`${tool}.save`];
  const restore = compiled[`${tool}.restore`];
  const jumps = compiled[`${tool}.jumps`];
  if (saved === undefined)
    return restore === undefined && jumps === undefined ? [] : [`${tool}: written, not expected`];
  if (restore === undefined || jumps === undefined) return [`${tool}: expected, not written`];
  const faults = [
    ...restoreFormFaults(restore, "restore").map((fault) => `${tool}.restore: ${fault}`),
    ...restoreFormFaults(jumps, "jumps").map((fault) => `${tool}.jumps: ${fault}`),
  ];
  return [...faults, ...ruleDifferences(tool, mode, saved, restore + jumps)];
}

/** What differs between two texts of rules, the first of them kube-proxy's. */
export function ruleDifferences(label, mode, saved, text) {
  const [wanted, actual] = [saved, text].map((each) => comparedChains(readRules(each)));
  const keys = [...new Set([...wanted.keys(), ...actual.keys()])].sort();
  return keys.flatMap((key) => {
    const want = wanted.get(key);
    const have = actual.get(key);
    if (have === undefined) return [`${label}: chain missing: ${key}`, ...want.map((rule) => `  kube-proxy: ${rule}`)];
    if (want === undefined) return [`${label}: chain too many: ${key}`, ...have.map((rule) => `  portolan:   ${rule}`)];
    const faults = orderFaults(key, have, mode).map((fault) => `${label} ${key}: ${fault}`);
    return [
      ...faults,
      ...lineDifferences(`${label} ${key}`, inComparedOrder(key, want, mode), inComparedOrder(key, have, mode)),
    ];
  });
}

/** Conntrack's sizes are host tuning that kube-proxy does besides, and partly depend on the host's cores. */
function settings(text) {
  return lines(text).filter((line) => !line.startsWith("net.netfilter.nf_conntrack_"));
}

/** A restore with a counter that does not exist fails, so exactly these must be made. */
function countersUsed(expected) {
  const names = ["iptables.save", "ip6tables.save"].flatMap((name) =>
    [...(expected[name] ?? "").matchAll(/--nfacct-name +(\S+)/g)].map((match) => match[1]),
  );
  return [...new Set(names)].sort();
}
