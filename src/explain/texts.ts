import type { LineOrigin, Script } from "../ir/step.ts";
import { type TextTool, toolsByFile } from "../ir/text.ts";
import { parseTables } from "../languages/iptables/parse.ts";
import type { Rule } from "../languages/iptables/rule.ts";
import type { Family } from "../model/address.ts";

/** What a tool holds, or is to be fed, and what to call it when a line of it is named. */
export interface ToolText {
  readonly tool: TextTool;
  readonly file: string;
  readonly text: string;
  /** Where each line comes from; empty for a dump, of which nobody knows. */
  readonly origins: readonly LineOrigin[];
}

/** The rules a node has or is to have, compiled or dumped, taken apart. */
export interface Texts {
  readonly chains: readonly PlacedChain[];
  readonly byName: ReadonlyMap<string, readonly PlacedChain[]>;
  /** The lines of sets, virtual servers and addresses. */
  readonly others: readonly PlacedLine[];
  readonly causeOf: (file: string, line: number) => LineOrigin | undefined;
  /** What could not be read, each with file and line. */
  readonly problems: readonly string[];
}

export interface PlacedChain {
  readonly family: Family;
  readonly table: string;
  readonly name: string;
  readonly file: string;
  readonly declaredAt: number | undefined;
  readonly policy: string | undefined;
  readonly rules: readonly PlacedRule[];
}

export interface PlacedRule extends Rule {
  readonly family: Family;
  readonly table: string;
  readonly file: string;
  /** Its place in its chain, from 1. */
  readonly number: number;
}

export interface PlacedLine {
  readonly tool: ToolText["tool"];
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

const familyOf = { iptables: "ipv4", ip6tables: "ipv6" } as const;

/** Takes the texts of a host's tools apart. */
export function readTexts(texts: readonly ToolText[]): Texts {
  const chains: PlacedChain[] = [];
  const others: PlacedLine[] = [];
  const problems: string[] = [];
  const origins = new Map<string, ReadonlyMap<number, LineOrigin>>();
  for (const text of texts) {
    origins.set(text.file, new Map(text.origins.map((origin) => [origin.line, origin])));
    if (text.tool === "iptables" || text.tool === "ip6tables") {
      const { tables, problems: found } = parseTables(text.text);
      for (const { line, message } of found) problems.push(`${text.file}:${line}: ${message}`);
      const family = familyOf[text.tool];
      for (const { name: table, chains: inTable } of tables) {
        for (const chain of inTable) {
          const rules = chain.rules.map((rule, at) => ({ ...rule, family, table, file: text.file, number: at + 1 }));
          chains.push({ ...chain, family, table, file: text.file, rules });
        }
      }
    } else others.push(...linesOf(text));
  }
  return {
    chains,
    byName: groupByName(chains),
    others,
    problems,
    causeOf: (file, line) => origins.get(file)?.get(line),
  };
}

function linesOf({ tool, file, text }: ToolText): readonly PlacedLine[] {
  return text
    .split("\n")
    .map((line, at) => ({ tool, file, line: at + 1, text: line }))
    .filter((line) => line.text.trim() !== "");
}

/** The texts of a script, which was compiled with origins. */
export function textsOfScript({ steps }: Script): readonly ToolText[] {
  const decoder = new TextDecoder();
  return steps.flatMap(({ file, stdin, origins }) => {
    const tool = file === undefined ? undefined : toolsByFile.get(file);
    if (file === undefined || tool === undefined) return [];
    return [{ tool, file, text: decoder.decode(stdin), origins: origins ?? [] }];
  });
}

function groupByName(chains: readonly PlacedChain[]): ReadonlyMap<string, readonly PlacedChain[]> {
  const groups = new Map<string, PlacedChain[]>();
  for (const chain of chains) {
    const group = groups.get(chain.name);
    if (group === undefined) groups.set(chain.name, [chain]);
    else group.push(chain);
  }
  return groups;
}

/** The chains of a name: there may be one in each family and table. */
export function chainsNamed({ byName }: Texts, name: string): readonly PlacedChain[] {
  return byName.get(name) ?? [];
}

/** The chain that a rule leads to, by `-j` or `-g`; perhaps the name of an extension target without options. */
export function leadsTo({ target }: Rule): string | undefined {
  return target.kind === "jump" || target.kind === "goto" ? target.chain : undefined;
}
