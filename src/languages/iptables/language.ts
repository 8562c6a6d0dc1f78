import { type Backend, type Feature, type Step, toolNames } from "../../ir/artifact.ts";
import { type Family, families } from "../../model/address.ts";
import type { CollectCommand, HostLanguage } from "../language.ts";
import { canonicalRule } from "./canonical-rule.ts";
import { compareBackEnds, divideRules } from "./divide-rules.ts";
import { isWholeSave, listingForm, rulesForm } from "./forms.ts";
import { readTables, type SavedTable, type SavedTables } from "./read-tables.ts";
import { builtInChains, targetOf, withoutComments } from "./rule-lines.ts";

interface RuleFeature {
  readonly name: string;
  /** The part of a rule's text that needs the feature. */
  readonly sign: string;
  readonly table: "filter" | "nat";
  readonly rule: string;
}

const probed: readonly RuleFeature[] = [
  { name: "match addrtype", sign: " -m addrtype ", table: "nat", rule: "-m addrtype --dst-type LOCAL" },
  { name: "match comment", sign: " -m comment ", table: "nat", rule: "-m comment --comment probe" },
  { name: "match conntrack", sign: " -m conntrack ", table: "filter", rule: "-m conntrack --ctstate NEW" },
  { name: "match mark", sign: " -m mark ", table: "filter", rule: "-m mark --mark 0x4000/0x4000" },
  { name: "match recent", sign: " -m recent ", table: "nat", rule: "-m recent --name PROBE --set" },
  {
    name: "match statistic",
    sign: " -m statistic ",
    table: "nat",
    rule: "-m statistic --mode random --probability 0.5",
  },
  { name: "match tcp", sign: " -m tcp ", table: "nat", rule: "-p tcp -m tcp --dport 80" },
  { name: "match udp", sign: " -m udp ", table: "nat", rule: "-p udp -m udp --dport 80" },
  { name: "match sctp", sign: " -m sctp ", table: "nat", rule: "-p sctp -m sctp --dport 80" },
  { name: "match set", sign: " -m set ", table: "nat", rule: "-m set --match-set PROBE-FAMILY dst" },
  {
    name: "match ipvs",
    sign: " -m ipvs ",
    table: "filter",
    rule: "-m ipvs --vproto 6 --vaddr ADDRESS --vport 80",
  },
  { name: "match physdev", sign: " -m physdev ", table: "nat", rule: "-m physdev ! --physdev-is-in" },
  { name: "match nfacct", sign: " -m nfacct ", table: "filter", rule: "-m nfacct --nfacct-name probe" },
  { name: "target DNAT", sign: " -j DNAT ", table: "nat", rule: "-p tcp -j DNAT --to-destination TARGET" },
  { name: "target MARK", sign: " -j MARK ", table: "nat", rule: "-j MARK --set-xmark 0x4000/0x4000" },
  { name: "target MASQUERADE", sign: " -j MASQUERADE", table: "nat", rule: "-j MASQUERADE" },
  {
    name: "option --random-fully of target MASQUERADE",
    sign: " --random-fully",
    table: "nat",
    rule: "-j MASQUERADE --random-fully",
  },
  { name: "target REJECT", sign: " -j REJECT ", table: "filter", rule: "-j REJECT" },
];

/** The kernel features that rules need, by their text. */
export function ruleFeatures(steps: readonly Step[]): readonly Feature[] {
  return families.flatMap((family) => featuresOf(steps, family));
}

function featuresOf(steps: readonly Step[], family: Family): readonly Feature[] {
  const tool = toolNames[family];
  const texts = steps.filter(({ argv }) => argv[0] === `${tool}-restore`).map(({ stdin }) => stdin);
  const used = probed.filter(({ sign }) => texts.some((text) => asks(text, sign)));
  return used.map(({ name, sign, table, rule }) => ({
    name: `${name} (${tool})`,
    commands: [
      ...(sign === " -m set "
        ? [`ipset create PROBE-${family} hash:ip family ${family === "ipv4" ? "inet" : "inet6"}`]
        : []),
      ...(sign === " -m nfacct " ? ["nfacct add probe"] : []),
      `${tool} -w 5 -t ${table} -N PROBE`,
      `${tool} -w 5 -t ${table} -A PROBE ${withAddresses(rule, family)}`,
    ],
  }));
}

function withAddresses(rule: string, family: "ipv4" | "ipv6"): string {
  const [address, target] = family === "ipv4" ? ["192.0.2.1", "192.0.2.1:80"] : ["2001:db8::1", "[2001:db8::1]:80"];
  return rule.replace("ADDRESS", address).replace("TARGET", target).replace("FAMILY", family);
}

/** Lines that delete need no features. */
function asks(text: string, sign: string): boolean {
  let at = text.indexOf(sign);
  while (at >= 0) {
    if (text.startsWith("-D ", text.lastIndexOf("\n", at) + 1)) at = text.indexOf(sign, at + 1);
    else return true;
  }
  return false;
}

/** The kernel's own list of the tables of iptables-legacy. */
export function kernelTables(family: Family): string {
  return `cat ${kernelFile(family)}`;
}

function kernelFile(family: Family): string {
  return `/proc/net/${family === "ipv4" ? "ip" : "ip6"}_tables_names`;
}

export function otherBackend(backend: Backend): Backend {
  return backend === "nft" ? "legacy" : "nft";
}

/** In a comment of iptables-nft-save where the kernel has tables of iptables-legacy. */
export const legacyWarning = "-legacy tables present, use ";

/** The back end that a tool names in its version; tools that name none are older than iptables-nft. */
function backendIn(version: string): Backend {
  return version.includes("nf_tables") ? "nft" : "legacy";
}

/** What the output of iptables-save is checked against: the kernel's tables, and the rules of the other back end. */
function doubtCommands(family: Family): readonly CollectCommand[] {
  const [command, needs] = [kernelTables(family), kernelFile(family)];
  const others = (["legacy", "nft"] as const).map((other) => {
    const only = other === "legacy" ? { needs } : {};
    return { command: `${toolNames[family]}-${other}-save`, family, beside: otherBackend(other), ...only };
  });
  return [{ command, family, needs }, ...others];
}

type RequiredOf<T, K extends keyof T> = T & Required<Pick<T, K>>;

/** iptables-save and iptables-restore, with ip6tables. */
export const iptables: RequiredOf<HostLanguage<SavedTables>, "lines" | "backEnds" | "isWhole"> = {
  id: "iptables",
  files: [
    { name: "iptables.restore", family: "ipv4", heading: "iptables-save", isSave: true },
    { name: "iptables.jumps", family: "ipv4", heading: "iptables-save", isSave: true },
    { name: "ip6tables.restore", family: "ipv6", heading: "ip6tables-save", isSave: true },
    { name: "ip6tables.jumps", family: "ipv6", heading: "ip6tables-save", isSave: true },
    { name: "hostports.restore", family: "ipv4", heading: "iptables-save", isSave: true },
    { name: "hostports.jumps", family: "ipv4", heading: "iptables-save", isSave: true },
    { name: "hostports6.restore", family: "ipv6", heading: "ip6tables-save", isSave: true },
    { name: "hostports6.jumps", family: "ipv6", heading: "ip6tables-save", isSave: true },
  ],
  collect: [
    { command: "iptables --version", family: "ipv4" },
    { command: "iptables-save", family: "ipv4", isSave: true },
    { command: "ip6tables --version", family: "ipv6" },
    { command: "ip6tables-save", family: "ipv6", isSave: true },
    ...families.flatMap(doubtCommands),
  ],
  forms: [rulesForm, listingForm],
  divide: divideRules,
  backEnds: {
    compare: compareBackEnds,
    inVersion: backendIn,
    otherHeading: (heading) => heading.replace("-save", `-${otherBackend("legacy")}-save`),
  },
  rules: "only",
  lines: { targetOf, withoutComments, canonical: canonicalRule, isBuiltIn: (chain) => builtInChains.has(chain) },
  isWhole: isWholeSave,
  probes: ruleFeatures,
  parse: (parts) => {
    const doc = readTables(parts);
    return { doc, problems: doc.problems };
  },
  write: ({ tables }) => [...tables].map(([name, table]) => writeTable(name, table)).join(""),
};

/** As iptables-save prints it: all declarations, then the rules chain by chain. */
function writeTable(name: string, table: SavedTable): string {
  const chains = [...table.values()];
  const declared = chains.filter(({ declaredAt }) => declaredAt !== undefined);
  const declarations = declared.map(({ name: chain, policy, counters }) => {
    return `:${chain} ${policy ?? "-"}${counters === undefined ? "" : ` ${counters}`}`;
  });
  const rules = chains.flatMap(({ lines, counted }) =>
    lines.map((line, at) => (counted[at] === undefined ? line : `${counted[at]} ${line}`)),
  );
  return [`*${name}`, ...declarations, ...rules, "COMMIT", ""].join("\n");
}
