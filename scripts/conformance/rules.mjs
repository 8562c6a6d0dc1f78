/** Reads rule text, of a save or a restore, into `"TABLE CHAIN" -> rules`, the rules as they are spelled. */
export function readRules(text) {
  const chains = new Map();
  let table = "?";
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) table = line.slice(1);
    else if (line.startsWith(":")) rulesOf(chains, table, line.slice(1));
    else if (line.startsWith("-A ")) rulesOf(chains, table, line.slice(3)).push(line);
  }
  return chains;
}

function rulesOf(chains, table, rest) {
  const key = `${table} ${rest.slice(0, rest.indexOf(" "))}`;
  let rules = chains.get(key);
  if (rules === undefined) {
    rules = [];
    chains.set(key, rules);
  }
  return rules;
}

const builtIn = /^\S+ (?:PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/;

/** kube-proxy's flush detector, which no rule uses, and built-in chains without rules are left out. */
export function comparedChains(chains) {
  return new Map(
    [...chains].filter(
      ([key, rules]) => !key.endsWith(" KUBE-PROXY-CANARY") && !(builtIn.test(key) && rules.length === 0),
    ),
  );
}

/** kube-proxy fills these by walking a Go map, so their order says nothing; other chains have one order. */
const unordered = {
  iptables: new Set([
    "filter KUBE-SERVICES",
    "filter KUBE-EXTERNAL-SERVICES",
    "filter KUBE-NODEPORTS",
    "filter KUBE-PROXY-FIREWALL",
    "nat KUBE-SERVICES",
    "nat KUBE-NODEPORTS",
  ]),
  ipvs: new Set(["filter KUBE-IPVS-OUT-FILTER"]),
};

const leadsToNodePorts = / -j KUBE-NODEPORTS$/;

/** The rules in the order in which two sides are compared. */
export function inComparedOrder(key, rules, mode) {
  if (!unordered[mode].has(key)) return rules;
  const isLast = (rule) => leadsToNodePorts.test(rule);
  return [...rules.filter((rule) => !isLast(rule)).sort(), ...rules.filter(isLast).sort()];
}

const counted = / -m nfacct --nfacct-name +\S+/;

/** What is wrong with the order of a chain even where kube-proxy's own is random. */
export function orderFaults(key, rules, mode) {
  if (!unordered[mode].has(key)) return [];
  const faults = [];
  const firstLast = rules.findIndex((rule) => leadsToNodePorts.test(rule));
  if (firstLast >= 0 && rules.slice(firstLast).some((rule) => !leadsToNodePorts.test(rule))) {
    faults.push("a rule follows the jump to KUBE-NODEPORTS");
  }
  rules.forEach((rule, index) => {
    if (!counted.test(rule)) return;
    const plain = rules.indexOf(rule.replace(counted, "").replace(" -d 127.0.0.0/8", ""));
    if (plain >= 0 && plain < index) faults.push(`a counting rule follows its plain twin: ${rule}`);
  });
  return faults;
}
