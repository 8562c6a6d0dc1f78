import { canonicalKey, canonicalRest, canonicalRule, withoutComment } from "./canonical-rule.ts";
import type { NftChain, NftElement, NftSet, NftTable } from "./ruleset.ts";

/** What differs between a table as it should be and as it is. */
export interface TableChange {
  readonly family: NftTable["family"];
  readonly name: string;
  readonly kind: "add" | "change" | "remove";
  readonly desired: NftTable | undefined;
  readonly live: NftTable | undefined;
  /** It cannot be changed into what it should be: a base chain is at another hook, or the table sleeps. */
  readonly isMadeAnew: boolean;
  readonly sets: readonly TableSetChange[];
  readonly chains: readonly TableChainChange[];
}

/** A set or map that differs. */
export interface TableSetChange {
  readonly name: string;
  /** `replace`: of another type, size or timeout. */
  readonly kind: "add" | "change" | "replace" | "remove";
  readonly missing: readonly NftElement[];
  readonly extra: readonly NftElement[];
}

export interface TableChainChange {
  readonly name: string;
  readonly kind: "add" | "change" | "remove";
  readonly desired: readonly string[];
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

type Tables = ReadonlyMap<string, NftTable>;

/** By name: `ip kube-proxy`. A table that only one side has is added or removed. */
export function diffTables(desired: Tables, live: Tables): readonly TableChange[] {
  return [...new Set([...desired.keys(), ...live.keys()])].flatMap(
    (key) => diffTable(desired.get(key), live.get(key)) ?? [],
  );
}

function diffTable(want: NftTable | undefined, have: NftTable | undefined): TableChange | undefined {
  const known = want ?? have;
  if (known === undefined || want === have) return undefined;
  const kind = have === undefined ? "add" : want === undefined ? "remove" : "change";
  const sets = diffSets(want?.sets ?? new Map(), have?.sets ?? new Map());
  const chains = diffChains(want?.chains ?? new Map(), have?.chains ?? new Map());
  const isMadeAnew = want !== undefined && have !== undefined && !canBecome(want, have);
  if (kind === "change" && sets.length + chains.length === 0 && !isMadeAnew) return undefined;
  return { family: known.family, name: known.name, kind, desired: want, live: have, isMadeAnew, sets, chains };
}

/** The change without what only comments say differently: no packet meets those. Undefined if nothing else differs. */
export function withoutCommentChanges(change: TableChange): TableChange | undefined {
  const bare = (lines: Lines): string => lines.map((line) => canonicalRule(withoutComment(line))).join("\n");
  const chains = change.chains.filter(
    ({ kind, missing, extra }) => kind !== "change" || missing.length === 0 || bare(missing) !== bare(extra),
  );
  const sets = change.sets.flatMap((set) => withoutCommentsOfElements(set) ?? []);
  if (change.kind === "change" && !change.isMadeAnew && sets.length + chains.length === 0) return undefined;
  return { ...change, sets, chains };
}

function withoutCommentsOfElements(set: TableSetChange): TableSetChange | undefined {
  if (set.kind !== "change") return set;
  const bare = (element: NftElement): string => canonicalElement({ ...element, comment: undefined });
  const [wanted, found] = [set.missing, set.extra].map((elements) => new Set(elements.map(bare)));
  const missing = set.missing.filter((element) => !found?.has(bare(element)));
  const extra = set.extra.filter((element) => !wanted?.has(bare(element)));
  return missing.length + extra.length === 0 ? undefined : { ...set, missing, extra };
}

function canBecome(want: NftTable, have: NftTable): boolean {
  if (want.flags.join() !== have.flags.join()) return false;
  const areBasesEqual = [...want.chains.values()].every((chain) => {
    const other = have.chains.get(chain.name);
    return other === undefined || baseText(chain) === baseText(other);
  });
  return (
    areBasesEqual && [...have.chains.values()].every(({ name, base }) => base === undefined || want.chains.has(name))
  );
}

function baseText({ base }: NftChain): string {
  return base === undefined ? "" : [base.type, base.hook, base.device, base.priority, base.policy].join(" ");
}

/** Whether both hold the same kind of elements for the same time. What a listing adds to them is not compared. */
export function areShapedAlike(one: NftSet, other: NftSet): boolean {
  return shapeOf(one) === shapeOf(other);
}

function shapeOf({ key, value, flags, timeout, size, others }: NftSet): string {
  return JSON.stringify([key, value ?? null, flags, timeout ?? null, size ?? null, others]);
}

/** Rules fill it as packets pass. */
export function isFilledByRules({ flags }: NftSet): boolean {
  return flags.includes("dynamic");
}

function diffSets(desired: NftTable["sets"], live: NftTable["sets"]): readonly TableSetChange[] {
  const changes: TableSetChange[] = [];
  for (const [name, want] of desired) {
    const have = live.get(name);
    if (have === undefined) changes.push({ name, kind: "add", missing: want.elements, extra: [] });
    else if (!areShapedAlike(want, have))
      changes.push({ name, kind: "replace", missing: want.elements, extra: have.elements });
    else if (!isFilledByRules(want)) {
      const { missing, extra } = diffElements(want.elements, have.elements);
      if (missing.length + extra.length > 0) changes.push({ name, kind: "change", missing, extra });
    }
  }
  for (const [name, { elements }] of live) {
    if (!desired.has(name)) changes.push({ name, kind: "remove", missing: [], extra: elements });
  }
  return changes;
}

type Elements = readonly NftElement[];

/** Most elements are spelled alike on both sides: only the others are brought into one spelling. */
function diffElements(desired: Elements, live: Elements): { readonly missing: Elements; readonly extra: Elements } {
  const found = new Map(live.map((element) => [element.key, element]));
  const unmatched: NftElement[] = [];
  for (const want of desired) {
    const have = found.get(want.key);
    if (have !== undefined && isSameElement(want, have)) found.delete(want.key);
    else unmatched.push(want);
  }
  if (unmatched.length === 0 || found.size === 0) return { missing: unmatched, extra: [...found.values()] };
  const left = new Map([...found.values()].map((element) => [canonicalElement(element), element]));
  const missing = unmatched.filter((want) => !left.delete(canonicalElement(want)));
  return { missing, extra: [...left.values()] };
}

function isSameElement(one: NftElement, other: NftElement): boolean {
  return one.value === other.value && one.comment === other.comment && one.timeout === other.timeout;
}

function canonicalElement(element: NftElement): string {
  return `${canonicalKey(element.key)} ${canonicalRest(element)}`;
}

/**
 * A chain without rules that nothing desired leads to is no difference: kube-proxy deletes it a second later than its
 * rules, and so does a kernel before 6.2 need it.
 */
function diffChains(desired: NftTable["chains"], live: NftTable["chains"]): readonly TableChainChange[] {
  const changes: TableChainChange[] = [];
  for (const [name, { rules }] of desired) {
    const want = rules.map(({ text }) => text);
    const have = live.get(name)?.rules.map(({ text }) => text);
    if (have === undefined) changes.push({ name, kind: "add", desired: want, missing: want, extra: [] });
    else {
      const difference = diffRules(want, have);
      if (difference !== undefined) changes.push({ name, kind: "change", desired: want, ...difference });
    }
  }
  for (const [name, { rules }] of live) {
    const extra = rules.map(({ text }) => text);
    if (!desired.has(name) && extra.length > 0) changes.push({ name, kind: "remove", desired: [], missing: [], extra });
  }
  return changes;
}

type Lines = readonly string[];

/** Undefined where both are the same rules in the same order. Without missing and extra ones only their order differs. */
function diffRules(want: Lines, have: Lines): { readonly missing: Lines; readonly extra: Lines } | undefined {
  if (want.length === have.length && want.every((line, at) => line === have[at])) return undefined;
  const [wanted, found] = [want, have].map((lines) => lines.map(canonicalRule)) as [string[], string[]];
  if (wanted.length === found.length && wanted.every((line, at) => line === found[at])) return undefined;
  return { missing: without(want, wanted, found), extra: without(have, found, wanted) };
}

/** The lines whose canonical form the other side does not have, as often as they are there too often. */
function without(lines: Lines, own: Lines, others: Lines): Lines {
  const counts = new Map<string, number>();
  for (const other of others) counts.set(other, (counts.get(other) ?? 0) + 1);
  return lines.filter((_, at) => {
    const form = own[at] ?? "";
    const left = counts.get(form) ?? 0;
    counts.set(form, left - 1);
    return left <= 0;
  });
}
