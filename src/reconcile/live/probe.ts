import type { ChangeStep } from "../../ir/step.ts";
import { toolNames } from "../../ir/text.ts";
import { quoteWord } from "../../languages/shell.ts";
import { type Family, families } from "../../model/address.ts";
import { isOwnedChain } from "../../programs/kube-proxy/chain-names.ts";
import { type ServiceOfChain, serviceInRule } from "../attribution.ts";
import type { ServiceOfLine } from "../summarize-changes.ts";

/** Something a kernel or its tools must know for the steps to work, and a command that shows whether they do. */
export interface Feature {
  /** `match recent (iptables)`, `set type hash:ip,port` ... */
  readonly name: string;
  /** Run in a scratch network namespace, in this order; a feature is there when its last command succeeds. */
  readonly commands: readonly string[];
}

interface RuleFeature {
  readonly name: string;
  /** What of a rule's text asks for it. */
  readonly sign: string;
  readonly table: "filter" | "nat";
  readonly rule: string;
}

const ruleFeatures: readonly RuleFeature[] = [
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

/** What the steps ask of the host, by their text. */
export function featuresOf(steps: readonly ChangeStep[]): readonly Feature[] {
  return [
    ...families.flatMap((family) => ruleFeaturesOf(steps, family)),
    ...setTypesOf(steps),
    ...serverFeaturesOf(steps),
    ...steps.filter(({ argv }) => argv.includes("dummy")).map(() => dummyDevice),
  ];
}

const dummyDevice: Feature = { name: "device type dummy", commands: ["ip link add probe0 type dummy"] };

function ruleFeaturesOf(steps: readonly ChangeStep[], family: Family): readonly Feature[] {
  const tool = toolNames[family];
  const texts = steps.filter(({ argv }) => argv[0] === `${tool}-restore`).map(({ stdin }) => stdin);
  const used = ruleFeatures.filter(({ sign }) => texts.some((text) => asks(text, sign)));
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

/** Lines that take away ask for nothing new. */
function asks(text: string, sign: string): boolean {
  let at = text.indexOf(sign);
  while (at >= 0) {
    if (text.startsWith("-D ", text.lastIndexOf("\n", at) + 1)) at = text.indexOf(sign, at + 1);
    else return true;
  }
  return false;
}

function setTypesOf(steps: readonly ChangeStep[]): readonly Feature[] {
  const shapes = new Map<string, string>();
  for (const { argv, stdin } of steps) {
    if (argv[0] !== "ipset") continue;
    for (const [, shape, type] of stdin.matchAll(/^create \S+ ((\S+) .*)$/gm))
      shapes.set(type as string, shape as string);
  }
  return [...shapes].map(([type, shape], index) => ({
    name: `set type ${type}`,
    commands: [`ipset create PROBE-${index} ${quoteWords(shape)}`],
  }));
}

function serverFeaturesOf(steps: readonly ChangeStep[]): readonly Feature[] {
  const schedulers = new Set<string>();
  for (const { argv, stdin } of steps) {
    if (argv[0] !== "ipvsadm") continue;
    for (const [, name] of stdin.matchAll(/^-[AE] .* -s (\S+)/gm)) schedulers.add(name as string);
  }
  return [...schedulers].map((name) => ({
    name: `IPVS with scheduler ${name}`,
    commands: ["ip link set lo up", `ipvsadm -A -t 192.0.2.1:80 -s ${quoteWord(name)}`],
  }));
}

/** What comes out of a dump or a saved plan may hold anything. */
function quoteWords(text: string): string {
  return text.split(" ").map(quoteWord).join(" ");
}

/**
 * A script for `unshare --net sh` that tries each feature and says `NUMBER ok`, or `NUMBER no` and then why, for
 * `parseProbe`. Nothing of it is left behind; it needs no tools but those it tries.
 */
export function printProbe(features: readonly Feature[]): string {
  const lines = features.map(({ commands }, index) => {
    const last = commands[commands.length - 1];
    const before = commands.slice(0, -1).map((command) => `${command} >/dev/null 2>&1 || :`);
    const tried = `if said=$(${last} 2>&1); then echo ${index} ok; else echo ${index} no; echo "$said"; fi`;
    return [...before, tried].join("\n");
  });
  // Whoever holds the host's lock need not be waited for.
  return `export XTABLES_LOCKFILE=/dev/null\n${lines.join("\n")}\n`;
}

export interface MissingFeature {
  readonly name: string;
  /** What the tool said. */
  readonly message: string;
}

/** What of the features is missing, by what the script of `printProbe` printed. */
export function parseProbe(features: readonly Feature[], output: string): readonly MissingFeature[] {
  const parts = output.split(/^(\d+) (ok|no)\n/m).slice(1);
  const said = new Map<number, string | undefined>();
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const message = parts[at + 2]?.trim().replace(/\s*\n\s*/g, "; ");
    said.set(Number(parts[at]), parts[at + 1] === "ok" ? undefined : message);
  }
  return features.flatMap(({ name }, index) => {
    const message = said.has(index) ? said.get(index) : "the probe ended before this check";
    return message === undefined ? [] : [{ name, message }];
  });
}

/** The line of a step at which a tool gave up, and whose it is. */
export interface FailingLine {
  readonly number: number;
  readonly text: string;
  readonly service: string | undefined;
}

/** iptables-restore (both back ends), ipset and ip -batch, each in its own words. */
const placed = [/\bline:? (\d+)/i, /^exit .*Command failed -:(\d+)/];

/** Finds the line that a tool's message speaks of. Undefined where it names none, as when a whole table is refused. */
export function failingLine(
  step: ChangeStep,
  message: string,
  ofChain: ServiceOfChain,
  ofLine: ServiceOfLine,
): FailingLine | undefined {
  const number = placed.map((pattern) => Number(pattern.exec(message)?.[1])).find((found) => found > 0);
  const text = number === undefined ? undefined : step.stdin.split("\n")[number - 1];
  if (number === undefined || text === undefined || text === "COMMIT") return undefined;
  const chain = /^(?:-[AIDX] |:)(\S+)/.exec(text)?.[1];
  const service =
    serviceInRule(text) ?? ofLine(text) ?? (chain !== undefined && isOwnedChain(chain) ? ofChain(chain) : undefined);
  return { number, text, service };
}
