import { type HostDocument, textsUnder, toolNames } from "../../ir/artifact.ts";
import { parseRule } from "../../languages/iptables/parse-rule.ts";
import type { SavedChain } from "../../languages/iptables/read-tables.ts";
import { builtInChains } from "../../languages/iptables/rule-lines.ts";
import { printRule } from "../../languages/iptables/write-rule.ts";
import type { SavedServer } from "../../languages/ipvs/text.ts";
import { parseRule as parseTableRule } from "../../languages/nftables/parse-rule.ts";
import type { NftStatement } from "../../languages/nftables/rule.ts";
import type { NftChain, NftElement, NftSet, NftTable } from "../../languages/nftables/ruleset.ts";
import { headingOf } from "../../languages/registry.ts";
import { sysctlCommand } from "../../languages/sysctl.ts";
import { type Family, families, isAddressOrCidr } from "../../model/address.ts";
import { ownChainIn, ownChains, ownSets } from "../../programs/registry.ts";
import { ownedTables, shapeOf } from "../owned-objects.ts";
import { isOnlyOurs } from "../plan-kernel.ts";
import type { HostProblem, HostState } from "./host-state.ts";

/**
 * The objects of ours in a backup that are not what a kube-proxy makes. A backup may have been edited, and its lines
 * are given to tools that run as root: each is used only if all of it is understood.
 */
export function checkBackup(document: HostDocument, state: HostState): readonly HostProblem[] {
  return [
    ...families.flatMap((family) => rulesRefused(family, state)),
    ...setsRefused(state),
    ...tablesRefused(state),
    ...serversRefused(state),
    ...sysctlsRefused(document, state),
  ];
}

function rulesRefused(family: Family, { rules }: HostState): readonly HostProblem[] {
  const heading = `${toolNames[family]}-save`;
  return [...(rules[family]?.tables ?? [])].flatMap(([table, chains]) =>
    [...chains.values()].flatMap((chain) =>
      linesOfOurs(chain).flatMap(({ line, number }) => {
        const why = ourTables.has(table) ? ruleRefusal(line) : `kube-proxy has no rules in table ${table}`;
        return why === undefined ? [] : [refused(heading, number, `${why}: ${line}`)];
      }),
    ),
  );
}

const ourTables = new Set(["filter", "nat", "mangle"]);

function linesOfOurs({
  name,
  lines,
  numbers,
}: SavedChain): readonly { readonly line: string; readonly number: number }[] {
  const all = lines.map((line, at) => ({ line, number: numbers[at] ?? 0 }));
  if (ownChains.isOwned(name)) return all;
  return builtInChains.has(name) ? all.filter(({ line }) => ownChainIn(line) !== undefined) : [];
}

/**
 * Printing a rule that was read must give the line again. So it has no word besides the options that are understood:
 * iptables takes `--modprobe=FILE` anywhere in a line, and runs that file.
 */
function ruleRefusal(line: string): string | undefined {
  const read = parseRule({ text: line, line: 0, counters: undefined });
  if (read.kind === "broken") return read.message;
  const { matches, target } = read.rule;
  if (matches.some(({ kind }) => kind === "unknown")) return "it has a match that is not understood";
  if (target.kind === "unknown") return "it has a target that is not understood";
  if ((target.kind === "jump" || target.kind === "goto") && !isNamedAsOurs(target.chain))
    return `it leads to ${target.chain}, which is not a chain of kube-proxy`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a tool may take them for the end of a word or line
  return printRule(read.rule) === line && !/[\u0000-\u001f\u007f]/.test(line)
    ? undefined
    : "it is not spelled as iptables-save prints it";
}

function isNamedAsOurs(chain: string): boolean {
  return ownChains.prefixes.some((prefix) => chain.startsWith(prefix));
}

const shape =
  /^(?:hash:ip|hash:ip,port|hash:ip,port,ip|hash:ip,port,net|bitmap:port)(?: range \d+-\d+| family inet6?| maxelem \d+)*$/;

function setsRefused({ sets }: HostState): readonly HostProblem[] {
  return sets
    .filter(({ name }) => ownSets.isOwned(name))
    .flatMap(({ name, line, type, options, entries }) => {
      const isKnown = shape.test(shapeOf(type, options)) && /^[A-Z0-9-]+$/.test(name);
      const bad = entries.filter(({ text }) => !isEntry(text));
      return [
        ...(isKnown ? [] : [refused("ipset save", line, `set ${name} has a form that kube-proxy does not use`)]),
        ...bad.map((entry) => refused("ipset save", entry.line, `${entry.text} is no entry of a set of kube-proxy`)),
      ];
    });
}

/** `10.96.0.1,tcp:80,10.244.0.5`, `30080`: ports with their protocol, addresses and networks. */
function isEntry(text: string): boolean {
  return text.split(",").every((part) => /^(?:(?:tcp|udp|sctp):)?\d{1,5}$/.test(part) || isAddressOrCidr(part));
}

function serversRefused({ servers }: HostState): readonly HostProblem[] {
  return servers.filter(isUnusual).map(({ line, address }) => {
    return refused("ipvsadm -Sn", line, `virtual server ${address} has options that kube-proxy does not use`);
  });
}

function isUnusual({ scheduler, schedulerFlags = "", rest, realServers }: SavedServer): boolean {
  const isWord = /^[a-z]+$/.test(scheduler) && /^[a-z,-]*$/.test(schedulerFlags);
  return !isWord || rest.length > 0 || realServers.some((real) => real.rest.length > 0);
}

function sysctlsRefused(document: HostDocument, { sysctls }: HostState): readonly HostProblem[] {
  const asked = new Set(sysctlCommand.split(" "));
  const lines = textsUnder(document, sysctlCommand).flatMap(({ text }) => text.split("\n"));
  return [...sysctls]
    .filter(([name, value]) => isOnlyOurs(name) && !(asked.has(name) && /^\d+$/.test(value)))
    .map(([name, value]) => {
      const line = lines.indexOf(`${name} = ${value}`) + 1;
      return refused(sysctlCommand, line, `${name} = ${value} is no setting of kube-proxy`);
    });
}

function refused(heading: string, line: number, message: string): HostProblem {
  return { code: "backup-object-refused", heading, line, message };
}

/**
 * The objects of our tables in a backup that are not what a kube-proxy makes. Their text is given to nft, which reads
 * other files where a script tells it to: a line is used only if it is one statement, and all of it is understood.
 */
function tablesRefused({ tables }: HostState): readonly HostProblem[] {
  return [...ownedTables(tables ?? { tables: [] }).values()].flatMap(tableRefused);
}

function tableRefused(table: NftTable): readonly HostProblem[] {
  const isPlain = isComment(table.comment) && table.flags.length === 0;
  return [
    ...(isPlain
      ? []
      : [refusedInTable(table.line, `table ${table.name} has flags or a comment that kube-proxy does not use`)]),
    ...[...table.sets.values()].flatMap(setRefused),
    ...[...table.chains.values()].flatMap(chainRefused),
  ];
}

function setRefused(set: NftSet): readonly HostProblem[] {
  const { name, line, key, value = [], flags, comment, others, elements } = set;
  const isKnown =
    isName(name) && [...key, ...value, ...flags].every((word) => /^[a-z0-9_]+$/.test(word)) && others.length === 0;
  const bad = elements.filter((element) => !isElement(element));
  return [
    ...(isKnown && isComment(comment)
      ? []
      : [refusedInTable(line, `set ${name} has a form that kube-proxy does not use`)]),
    ...bad.map((element) => refusedInTable(element.line, `${element.key} is no element of a set of kube-proxy`)),
  ];
}

function isElement({ key, value, comment }: NftElement): boolean {
  const [, chain = "reject-chain"] = /^(?:goto|jump) (.*)$/.exec(value ?? "") ?? [];
  const isVerdict = value === undefined || /^(?:drop$|goto |jump )/.test(value);
  return /^[\da-zA-Z.:/ -]+$/.test(key) && isVerdict && isName(chain) && isComment(comment);
}

function chainRefused({ name, line, comment, base, rules }: NftChain): readonly HostProblem[] {
  const isBase = base === undefined || [base.type, base.hook].every((word) => /^[a-z]+$/.test(word));
  const isKnown = isName(name) && isComment(comment) && isBase && base?.device === undefined;
  const bad = rules.filter(({ text }) => !isRule(text));
  return [
    ...(isKnown ? [] : [refusedInTable(line, `chain ${name} has a form that kube-proxy does not use`)]),
    ...bad.map((rule) => refusedInTable(rule.line, `it has a statement that is not understood: ${rule.text}`)),
  ];
}

function isRule(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: nft may take them for the end of a statement
  if (/[;$\\\u0000-\u001f\u007f]/.test(text)) return false;
  const rule = parseTableRule(text);
  return rule !== undefined && isComment(rule.comment) && rule.statements.every(isKnownStatement);
}

function isKnownStatement(statement: NftStatement): boolean {
  switch (statement.kind) {
    case "other":
      return false;
    case "set-field":
      return statement.value !== undefined;
    case "update-set":
      return isName(statement.set) && !statement.hasMore;
    case "verdict": {
      const { verdict } = statement;
      if (verdict.kind === "reject") return /^(?:tcp reset|icmp(?:v6|x)?(?: type)? [a-z-]+)?$/.test(verdict.with ?? "");
      return !("chain" in verdict) || isName(verdict.chain);
    }
    default:
      return true;
  }
}

/** Of a chain or set, as kube-proxy makes them. */
function isName(name: string): boolean {
  return /^[a-zA-Z0-9][\w./-]*$/.test(name);
}

function isComment(comment: string | undefined): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: nft may take them for the end of a string
  return comment === undefined || !/["\\\u0000-\u001f\u007f]/.test(comment);
}

function refusedInTable(line: number, message: string): HostProblem {
  return { code: "backup-object-refused", heading: headingOf("nftables"), line, message };
}
