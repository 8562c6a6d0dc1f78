import type { LineOrigin } from "../../ir/artifact.ts";
import type { ObjectPlace, PlacedObject, PlacedRule } from "../../languages/text-reader.ts";
import { purposeOf } from "../../programs/registry.ts";
import { isInTable, type Texts } from "../texts.ts";
import { type AskedName, type ExplainedRule, explainRules } from "./explain-chain.ts";

/** The contents of a set or map, and the rules that match on it. */
export interface SetExplanation {
  readonly name: string;
  readonly parts: readonly SetPart[];
}

/** The explanation for nodes where it is the same. */
export interface SetPart {
  readonly nodes: readonly string[];
  readonly kind: "set" | "map";
  readonly family: PlacedObject["family"];
  /** Empty where sets are in no table. */
  readonly table: string;
  readonly type: string;
  /** The purpose of a set of kube-proxy; undefined for a foreign set. */
  readonly purpose: string | undefined;
  readonly file: string;
  readonly line: number;
  readonly entries: readonly {
    readonly line: number;
    readonly text: string;
    /** Empty where the text says it all. */
    readonly words: string;
    readonly cause: LineOrigin | undefined;
  }[];
  readonly rules: readonly ExplainedRule[];
}

/** Explains the sets and maps of a name: there may be one in each table. */
export function explainSets({ name, table }: AskedName, texts: Texts): readonly Omit<SetPart, "nodes">[] {
  return texts.sets
    .filter((set) => set.name === name && isInTable(set, table))
    .map((set) => ({
      kind: set.kind === "map" ? "map" : "set",
      family: set.family,
      table: set.table,
      type: set.type ?? "",
      purpose: setPurpose(set),
      file: set.file,
      line: set.declaredAt ?? 0,
      entries: set.rules.map(({ file, line, text, inWords }) => {
        return { line, text, words: inWords(), cause: texts.causeOf(file, line) };
      }),
      rules: rulesOn(set, texts),
    }));
}

/** The rules that match on a set, look packets up in a map, or add to it. */
function rulesOn({ language, table, name }: PlacedObject, texts: Texts): readonly ExplainedRule[] {
  const isOn = ({ sets }: PlacedRule): boolean => sets.includes(name);
  return texts.chains
    .filter((chain) => language === "ipset" || chain.table === table)
    .filter(({ lines }) => lines.some((line) => line.includes(name)))
    .flatMap((chain) => explainRules(chain, texts, isOn));
}

/** The purpose of one of kube-proxy's sets. */
export function setPurpose({ name, table }: { readonly name: string; readonly table: string }): string | undefined {
  return purposeOf({ kind: "set", table, name }, undefined);
}

/** The purpose and origin of an element, or of a line of the virtual servers. */
export interface EntryExplanation {
  readonly text: string;
  readonly parts: readonly EntryPart[];
}

export interface EntryPart {
  readonly nodes: readonly string[];
  readonly file: string;
  readonly line: number;
  /** Completes "it ...". */
  readonly purpose: string;
  /** What happens to packets; empty where the text says it all. */
  readonly words: string;
  readonly cause: LineOrigin | undefined;
  /** The rules that match on the set. */
  readonly rules: readonly ExplainedRule[];
}

/**
 * Finds an element, or a line of virtual servers or addresses. What follows its key, or the options of a virtual
 * server, may be left out.
 */
export function explainEntryIn(text: string, place: ObjectPlace, texts: Texts): readonly Omit<EntryPart, "nodes">[] {
  const wanted = text.split(/\s+/).join(" ");
  const isSame = (line: string): boolean => line === wanted || line.startsWith(`${wanted} `);
  const sets = texts.sets.filter(
    (set) => isInTable(set, place.table) && (place.name === undefined || set.name === place.name),
  );
  const elements = sets.flatMap((set) =>
    set.lines.flatMap((line, at) => {
      const rule = set.rules[at];
      return isSame(line) && rule !== undefined ? [elementPart(set, rule, texts)] : [];
    }),
  );
  const others = place.name !== undefined ? [] : texts.others.filter((line) => isSame(line.text));
  const parts = others.map(({ file, line, purpose }) => {
    return { file, line, purpose, words: "", cause: texts.causeOf(file, line), rules: [] };
  });
  return [...elements, ...parts];
}

function elementPart(set: PlacedObject, rule: PlacedRule, texts: Texts): Omit<EntryPart, "nodes"> {
  const { file, line } = rule;
  const what = set.language === "ipset" ? `entry of ${set.name}` : `element of ${set.kind} ${set.name}`;
  const where = set.table === "" ? "" : `, table ${set.table}`;
  const purpose = `is an ${what}${where}: ${setPurpose(set) ?? `a ${set.kind} of another program`}`;
  return { file, line, purpose, words: rule.inWords(), cause: texts.causeOf(file, line), rules: rulesOn(set, texts) };
}
