import type { Step } from "../../ir/artifact.ts";
import { areShapedAlike, isFilledByRules, type TableChange, type TableSetChange } from "./diff-tables.ts";
import type { BaseChain, NftElement, NftSet, NftTable } from "./ruleset.ts";
import { elementText } from "./ruleset.ts";
import { tableName } from "./stages.ts";
import { setsNamed } from "./words.ts";
import { baseDeclaration, setLines, writeRuleset } from "./write-ruleset.ts";

/** The steps of some changes, by when they may run. */
export interface TableSteps {
  /** Tables that are new or change: one transaction each. */
  readonly make: readonly Step[];
  /** What nothing leads to any more, and tables that nothing needs. */
  readonly remove: readonly Step[];
}

/** Every change of a table is one transaction of nft: packets meet all of it, or nothing. */
export function planTables(changes: readonly TableChange[]): TableSteps {
  const of = (kind: TableChange["kind"]) => changes.filter((change) => change.kind === kind);
  return {
    make: [...of("add"), ...of("change")].map(changeTable),
    remove: [...of("change").flatMap(deleteStaleChains), ...of("remove").map(removeTable)],
  };
}

const nft = ["nft", "-f", "-"];

function step(purpose: string, lines: readonly string[]): Step {
  return { purpose, argv: nft, stdin: `${lines.join("\n")}\n` };
}

function removeTable(change: TableChange): Step {
  return step(`delete table ${tableName(change)}`, [`delete table ${tableName(change)}`]);
}

function changeTable(change: TableChange): Step {
  const { desired, live, isMadeAnew } = change;
  const name = tableName(change);
  if (desired !== undefined && (live === undefined || isMadeAnew))
    return { ...step(`make table ${name} in one transaction`, []), stdin: wholeTable(keepClients(desired, live)) };
  return step(`change table ${name} in one transaction`, changeLines(change));
}

/** May run on any host: a table of this name is made anew. */
function wholeTable(table: NftTable): string {
  const name = tableName(table);
  return `add table ${name}\ndelete table ${name}\n${writeRuleset({ tables: [table] })}`;
}

/** The table with the elements that rules have added to its sets, where these have stayed the same. */
function keepClients(desired: NftTable, live: NftTable | undefined): NftTable {
  const sets = [...desired.sets].map(([name, set]): readonly [string, NftSet] => {
    const known = live?.sets.get(name);
    const isKept = known !== undefined && isFilledByRules(set) && areShapedAlike(set, known);
    return [name, isKept ? { ...set, elements: known.elements } : set];
  });
  return { ...desired, sets: new Map(sets) };
}

/**
 * First what leads to other objects goes, then come new objects, then what leads to them. A chain that nothing needs is
 * emptied here and deleted later: kernels before 6.2 take a while to see that no element of a map leads to it.
 */
function changeLines(change: TableChange): readonly string[] {
  const { sets, chains, live, desired } = change;
  const name = tableName(change);
  const deleted = sets.filter(({ kind }) => kind === "remove" || kind === "replace");
  const made = sets.filter(({ kind }) => kind === "add" || kind === "replace");
  const refilled = chainsToRefill(change, deleted);
  const flushed = [...refilled, ...chains.filter(({ kind }) => kind === "remove").map((chain) => chain.name)];
  const fresh = chains.filter(({ kind }) => kind === "add").map((chain) => chain.name);
  const ofSets = (kinds: readonly TableSetChange[], line: (set: TableSetChange) => readonly string[]) =>
    kinds.flatMap(line);
  const changed = sets.filter(({ kind }) => kind === "change");
  return [
    ...flushed.filter((chain) => live?.chains.has(chain)).map((chain) => `flush chain ${name} ${chain}`),
    ...ofSets(changed, (set) => elementLines("delete", name, set.name, set.extra)),
    ...ofSets(deleted, (set) => elementLines("delete", name, set.name, verdictsIn(set))),
    ...ofSets(deleted, (set) => [`delete ${kindOf(live?.sets.get(set.name))} ${name} ${set.name}`]),
    ...fresh.map((chain) => `add chain ${name} ${chain}${baseLine(desired?.chains.get(chain)?.base)}`),
    ...ofSets(made, (set) => addSet(name, desired?.sets.get(set.name))),
    ...[...fresh, ...refilled].flatMap((chain) => ruleLines(change, chain)),
    ...ofSets([...changed, ...made], (set) => elementLines("add", name, set.name, set.missing)),
  ];
}

/** Chains whose rules differ, and those whose rules name a set that has to be made anew. */
function chainsToRefill({ chains, desired }: TableChange, deleted: readonly TableSetChange[]): readonly string[] {
  const changed = chains.filter(({ kind }) => kind === "change").map(({ name }) => name);
  if (deleted.length === 0) return changed;
  const names = new Set(deleted.map(({ name }) => name));
  const known = new Set(chains.map(({ name }) => name));
  const users = [...(desired?.chains.values() ?? [])].filter(
    ({ name, rules }) => !known.has(name) && rules.some(({ text }) => setsNamed(text).some((set) => names.has(set))),
  );
  return [...changed, ...users.map(({ name }) => name)];
}

/** A map is deleted with its elements, but what they lead to counts as used until they are. */
function verdictsIn({ extra }: TableSetChange): readonly NftElement[] {
  return extra.filter(({ value }) => value !== undefined);
}

function kindOf(set: NftSet | undefined): "map" | "set" {
  return set?.value === undefined ? "set" : "map";
}

function baseLine(base: BaseChain | undefined): string {
  return base === undefined ? "" : ` { ${baseDeclaration(base)} }`;
}

function addSet(table: string, set: NftSet | undefined): readonly string[] {
  if (set === undefined) return [];
  const lines = setLines({ ...set, elements: [] });
  return [`add ${kindOf(set)} ${table} ${set.name} { ${lines.map((line) => `${line};`).join(" ")} }`];
}

function ruleLines(change: TableChange, chain: string): readonly string[] {
  const rules = change.desired?.chains.get(chain)?.rules ?? [];
  return rules.map(({ text }) => `add rule ${tableName(change)} ${chain} ${text}`);
}

function elementLines(
  command: "add" | "delete",
  table: string,
  set: string,
  elements: readonly NftElement[],
): readonly string[] {
  if (elements.length === 0) return [];
  const texts = elements.map((element) => (command === "add" ? elementText(element) : element.key));
  return [`${command} element ${table} ${set} { ${texts.join(", ")} }`];
}

/** Empty chains that are not wanted, together with those that this change empties. They do no harm where they stay. */
function deleteStaleChains(change: TableChange): readonly Step[] {
  const { live, desired, isMadeAnew } = change;
  if (isMadeAnew) return [];
  const stale = [...(live?.chains.keys() ?? [])].filter((chain) => desired?.chains.has(chain) !== true);
  if (stale.length === 0) return [];
  const lines = stale.map((chain) => `delete chain ${tableName(change)} ${chain}`);
  return [{ ...step(`delete empty chains of table ${tableName(change)}`, lines), mayFail: true }];
}
