import type { SavedSet, SavedSets } from "../../tools/ipset/parse.ts";
import { isOwnedSet } from "./owned-names.ts";
import type { OwnedSet } from "./owned-state.ts";

/** Our sets among those of a text. `held` names those that somebody else's rules ask for. */
export function ownedSets({ sets }: SavedSets, held: ReadonlySet<string>): ReadonlyMap<string, OwnedSet> {
  const owned = sets.filter(({ name }) => isOwnedSet(name));
  return new Map(owned.map((set) => [set.name, { ...ownedSet(set), isHeld: held.has(set.name) }]));
}

function ownedSet({ name, type, options, entries }: SavedSet): Omit<OwnedSet, "isHeld"> {
  const shape = shapeOf(type, options);
  return { name, shape, create: `create ${name} ${shape}`, entries: new Set(entries.map(({ text }) => text)) };
}

const kept = ["range", "family", "maxelem"];
const defaultRoom = " maxelem 65536";

/** Of the options, what makes a set another: the kernel chooses and changes hash sizes and seeds by itself. */
function shapeOf(type: string, options: readonly string[]): string {
  let shape = type;
  for (const option of kept) {
    const at = options.indexOf(option);
    if (at >= 0) shape += ` ${option} ${options[at + 1] ?? ""}`;
  }
  return shape.replace(defaultRoom, "");
}
