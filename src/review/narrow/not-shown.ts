import type { Narrowing } from "./narrowing.ts";

/** What a narrowed result leaves out. It is there whenever somebody narrowed, also where nothing is left out. */
export interface NotShown {
  /** What was asked for: `-n shop -l app=web`. */
  readonly filter: string;
  /** How many changes, differences or findings. */
  readonly count: number;
  /** Whose these are: how many Services. */
  readonly services: number;
  /** Of a diff: how many rules, on all nodes together. */
  readonly rules?: number;
}

export interface Narrowed<Item> {
  readonly shown: readonly Item[];
  readonly hidden: readonly Item[];
}

/** Divides items by whether they are shown. Without a narrowing all of them are. */
export function narrowItems<Item>(
  items: readonly Item[],
  namesOf: (item: Item) => readonly (string | undefined)[],
  narrowing: Narrowing | undefined,
): Narrowed<Item> {
  if (narrowing === undefined) return { shown: items, hidden: [] };
  const isShown = new Map(items.map((item) => [item, narrowing.shows(namesOf(item))]));
  return { shown: items.filter((item) => isShown.get(item)), hidden: items.filter((item) => !isShown.get(item)) };
}

/** Counts what is left out, and whose it is. */
export function countHidden<Item>(
  hidden: readonly Item[],
  namesOf: (item: Item) => readonly (string | undefined)[],
  { filter, serviceOf }: Narrowing,
): NotShown {
  const names = hidden.flatMap(namesOf).flatMap((name) => (name === undefined ? [] : (serviceOf(name) ?? [])));
  return { filter, count: hidden.length, services: new Set(names).size };
}
