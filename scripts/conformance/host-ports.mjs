import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** The input of a case about host ports: `test/conformance/hostport` says what its files are. */
export function readHostPortCase(folder, readDocuments) {
  const text = (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");
  const values = (name) => readDocuments({ name, text: text(name) }).documents.map(({ value }) => value);
  const { node, network = "k8s-pod-network", podPrefix } = parse(text("case.yaml"));
  const configuration = {
    apiVersion: "portolan/v1alpha1",
    kind: "HostPortConfiguration",
    metadata: { name: "default" },
    network,
    ...(podPrefix === undefined ? {} : { podPrefix }),
    podInterface: "cni0",
    plugin: JSON.parse(text("portmap.json")),
  };
  const [proxyConfig] = text("kube-proxy.yaml") === "" ? [] : values("kube-proxy.yaml");
  return {
    objects: [...values("cluster.yaml"), configuration],
    options: { node, hostPorts: true, proxyConfig },
    expected: readFiles(join(folder, "expected")),
    packets: readPackets(text("packets.txt")),
  };
}

function readFiles(folder) {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Calls over real sockets: `{from, protocol, to, outcome, source}`; with `|` an outcome depends on what came first. */
function readPackets(text) {
  return text
    .split("\n")
    .filter((line) => /^[0-9a-f]*[:.]/.test(line))
    .map((line) => {
      const [from, protocol, to, outcome, source = ""] = line.split(/\s{2,}/);
      return { from, protocol, to, outcome, source };
    });
}

/** What differs from the real plugin, as lines. `compiled` holds our files by name. */
export function hostPortDifferences(expected, compiled, warnings) {
  const ours = (name) => (compiled[`${name}.restore`] ?? "") + (compiled[`${name}.jumps`] ?? "");
  return [
    ...chainDifferences("IPv4", expected["iptables.save"] ?? "", ours("hostports")),
    ...chainDifferences("IPv6", expected["ip6tables.save"] ?? "", ours("hostports6")),
    ...lineDifferences("nftables", tables(expected["nftables.ruleset"] ?? ""), tables(compiled["hostports.nft"] ?? "")),
    ...(expected["sysctl.conf"] ?? "")
      .split("\n")
      .filter((line) => !(compiled["sysctl.conf"] ?? "").split("\n").includes(line))
      .map((line) => `sysctl: missing ${line}`),
    ...(expected["error.txt"] ?? "")
      .split("\n")
      .flatMap((line) => /^[^\s:]+\/[^\s:]+(?=:)/.exec(line) ?? [])
      .filter((pod) => !warnings.some((warning) => warning.includes(pod)))
      .map((pod) => `no warning names ${pod}, which does not start`),
  ];
}

function chainDifferences(label, want, have) {
  const [wanted, actual] = [want, have].map(chainsOf);
  return [...new Set([...wanted.keys(), ...actual.keys()])].flatMap((chain) =>
    lineDifferences(`${label} ${chain}`, wanted.get(chain) ?? ["no chain"], actual.get(chain) ?? ["no chain"]),
  );
}

/** Chains of portmap, and its rules in others: what the case loaded before is left out. */
function chainsOf(text) {
  const chains = new Map();
  for (const line of text.split("\n")) {
    const declared = /^:(CNI-\S+)/.exec(line)?.[1];
    if (declared !== undefined) chains.set(declared, chains.get(declared) ?? []);
    const chain = /^-A (\S+) .*-j CNI-/.exec(line)?.[1] ?? /^-A (CNI-\S+)/.exec(line)?.[1];
    if (chain !== undefined) chains.set(chain, [...(chains.get(chain) ?? []), line]);
  }
  return chains;
}

/** Tables as the kernel lists them: without what makes them anew, and without blank lines. */
function tables(text) {
  return text.split("\n").filter((line) => line !== "" && !/^(?:add|delete) table /.test(line));
}

function lineDifferences(label, want, have) {
  const at = [...want, ...have].findIndex((_, index) => want[index] !== have[index]);
  return at === -1 ? [] : [`${label}: portmap: ${want[at] ?? "(no more)"} | portolan: ${have[at] ?? "(no more)"}`];
}
