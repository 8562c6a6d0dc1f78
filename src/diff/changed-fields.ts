import { isRecord, valueBelow } from "../model/fields/fields.ts";
import type { FieldChange, SourcePlace } from "./traffic-diff.ts";

/** An object of the input that decides about the traffic of a Service: the Service, a slice, a workload. */
export interface SideObject {
  /** `Service shop/web` */
  readonly name: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** The fields that decide about traffic, as paths from the object. */
  readonly deciding: readonly Path[];
  /** The place of a field in the input. Finding the line parses the file again: call it only for what is shown. */
  readonly source: (path: Path) => SourcePlace | undefined;
}

type Path = readonly (string | number)[];

const mostFields = 5;

/** The fields that differ between objects of the same name, in the order of the objects and of their fields. */
export function changedFields(base: readonly SideObject[], head: readonly SideObject[]): readonly FieldChange[] {
  const found: FieldChange[] = [];
  for (const after of head) {
    const before = base.find(({ name }) => name === after.name);
    if (before === undefined) continue;
    for (const path of after.deciding) {
      for (const leaf of leavesOf(valueBelow(before.value, path), valueBelow(after.value, path), path, path)) {
        // What was removed is shown at what it was in.
        const source = after.source(leaf.now === undefined ? leaf.path.slice(0, -1) : leaf.path);
        const field = fieldText(leaf.now === undefined ? leaf.old : leaf.path);
        found.push({ object: after.name, field, was: textOf(leaf.was), now: textOf(leaf.now), source });
        if (found.length === mostFields) return found;
      }
    }
  }
  return found;
}

interface Leaf {
  /** In head, and in base: items of lists may have another index there. */
  readonly path: Path;
  readonly old: Path;
  readonly was: unknown;
  readonly now: unknown;
}

/** The deepest fields that differ; undefined values are those that only the other side has. */
function leavesOf(was: unknown, now: unknown, old: Path, path: Path): readonly Leaf[] {
  if (JSON.stringify(was) === JSON.stringify(now)) return [];
  if (isRecord(was) && isRecord(now)) {
    const keys = [...new Set([...Object.keys(was), ...Object.keys(now)])];
    return keys.flatMap((key) => leavesOf(was[key], now[key], [...old, key], [...path, key]));
  }
  if (isListOfObjects(was) && isListOfObjects(now)) return leavesOfLists(was, now, old, path);
  return [{ path, old, was, now }];
}

type Items = readonly Readonly<Record<string, unknown>>[];

function isListOfObjects(value: unknown): value is Items {
  return Array.isArray(value) && value.length > 0 && value.every(isRecord);
}

function leavesOfLists(was: Items, now: Items, old: Path, path: Path): readonly Leaf[] {
  const before = new Map(was.map((item, index) => [keyOf(item, index), index]));
  const after = new Map(now.map((item, index) => [keyOf(item, index), index]));
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  return keys.flatMap((key) => {
    const [from, to] = [before.get(key), after.get(key)];
    const [one, other] = [from === undefined ? undefined : was[from], to === undefined ? undefined : now[to]];
    return leavesOf(one, other, [...old, from ?? to ?? 0], [...path, to ?? from ?? 0]);
  });
}

/** What names an item of a list: its name, port or first address; else its index. */
function keyOf({ name, port, protocol, addresses, ip }: Items[number], index: number): string {
  const [address = ip] = Array.isArray(addresses) ? addresses : [];
  const key = name ?? address ?? (port === undefined ? undefined : `${port}/${protocol ?? "TCP"}`);
  return key === undefined ? `#${index}` : `${key}`;
}

function fieldText(path: Path): string {
  return path.map((key, index) => (typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${key}`)).join("");
}

const longest = 60;

function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === "string" ? value : shortText(value);
  return text.length > longest ? `${text.slice(0, longest - 3)}...` : text;
}

/** An item of a list by what names it. */
function shortText(value: unknown): string {
  if (!isRecord(value)) return JSON.stringify(value) ?? "";
  const name = keyOf(value, -1);
  return name === "#-1" ? JSON.stringify(value) : name;
}
