import { rulesetCommand } from "../../languages/nftables/language.ts";
import { parseRule } from "../../languages/nftables/parse-rule.ts";
import type { NftStatement } from "../../languages/nftables/rule.ts";
import type { NftChain, NftElement, NftSet, NftTable } from "../../languages/nftables/ruleset.ts";
import { ownedTables } from "../owned-objects.ts";
import type { HostProblem, HostState } from "./host-state.ts";

/**
 * The objects of our tables in a backup that are not what a kube-proxy makes. Their text is given to nft, which reads
 * other files where a script tells it to: a line is used only if it is one statement, and all of it is understood.
 */
export function tablesRefused({ tables }: HostState): readonly HostProblem[] {
  return [...ownedTables(tables ?? { tables: [] }).values()].flatMap(tableRefused);
}

function tableRefused(table: NftTable): readonly HostProblem[] {
  const isPlain = isComment(table.comment) && table.flags.length === 0;
  return [
    ...(isPlain
      ? []
      : [refused(table.line, `table ${table.name} has flags or a comment that kube-proxy does not use`)]),
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
    ...(isKnown && isComment(comment) ? [] : [refused(line, `set ${name} has a form that kube-proxy does not use`)]),
    ...bad.map((element) => refused(element.line, `${element.key} is no element of a set of kube-proxy`)),
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
    ...(isKnown ? [] : [refused(line, `chain ${name} has a form that kube-proxy does not use`)]),
    ...bad.map((rule) => refused(rule.line, `it has a statement that is not understood: ${rule.text}`)),
  ];
}

function isRule(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: nft may take them for the end of a statement
  if (/[;$\\\u0000-\u001f\u007f]/.test(text)) return false;
  const rule = parseRule(text);
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

function refused(line: number, message: string): HostProblem {
  return { code: "backup-object-refused", heading: rulesetCommand, line, message };
}
