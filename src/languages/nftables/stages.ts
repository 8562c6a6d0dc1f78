import type { Hook, LoadedChain, Stage, StageFamily } from "../../ir/datapath.ts";
import type { Family } from "../../model/address.ts";
import { elementText, type NftChain, type NftSet, type NftTable, type Ruleset } from "./ruleset.ts";
import { readerFor } from "./to-datapath.ts";
import { nftFamily } from "./write.ts";

const hooks: readonly string[] = ["prerouting", "input", "forward", "output", "postrouting"] satisfies Hook[];
const types: readonly string[] = ["filter", "nat", "route"] satisfies Stage["type"][];

/** The name of a table among those of a host: `ip kube-proxy`. */
export function tableName({ family, name }: Pick<NftTable, "family" | "name">): string {
  return `${family} ${name}`;
}

/** The base chains of tables for IP; those of other families meet no packet that is followed here. */
export function stagesOfTables({ tables }: Ruleset): readonly Stage[] {
  return tables.flatMap((table) => {
    const { family } = table;
    if (family !== "ip" && family !== "ip6" && family !== "inet") return [];
    return [...table.chains.values()].flatMap((chain) => stageOf(chain, family, tableName(table)));
  });
}

function stageOf({ name, base }: NftChain, family: StageFamily, table: string): readonly Stage[] {
  if (base?.priority === undefined || !hooks.includes(base.hook) || !types.includes(base.type)) return [];
  const { hook, type, priority } = base as { hook: Hook; type: "filter" | "nat" | "route"; priority: number };
  return [{ family, hook, priority, type, entry: { table, chain: name } }];
}

/** The chains of tables that packets of a family meet, by table. */
export function chainsOfTables(
  ruleset: Ruleset,
  family: Family,
): ReadonlyMap<string, ReadonlyMap<string, LoadedChain>> {
  return new Map(tablesOf(ruleset, family).map((table) => [tableName(table), loadedChains(table)]));
}

/** The elements of their sets and maps, as text. A set that rules fill has none that stay. */
export function setsOfTables(
  ruleset: Ruleset,
  family: Family,
): ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> {
  return new Map(
    tablesOf(ruleset, family).map((table) => [
      tableName(table),
      new Map([...table.sets].map(([name, set]) => [name, set.flags.includes("dynamic") ? [] : elementsIn(set)])),
    ]),
  );
}

function elementsIn({ elements }: NftSet): readonly string[] {
  return elements.map(elementText).sort();
}

function tablesOf({ tables }: Ruleset, family: Family): readonly NftTable[] {
  return tables.filter((table) => table.family === nftFamily[family] || table.family === "inet");
}

const loaded = new WeakMap<NftTable, ReadonlyMap<string, LoadedChain>>();

function loadedChains(table: NftTable): ReadonlyMap<string, LoadedChain> {
  const known = loaded.get(table);
  if (known !== undefined) return known;
  const reader = readerFor(table);
  const chains = new Map(
    [...table.chains.values()].map((chain): readonly [string, LoadedChain] => {
      const files = new Set(chain.rules.map(({ file }) => file));
      return [
        chain.name,
        {
          name: chain.name,
          policy: chain.base?.policy,
          lines: chain.rules.map(({ text }) => text),
          numbers: chain.rules.map(({ line }) => line),
          files: files.size > 1 ? chain.rules.map(({ file }) => file) : [chain.rules[0]?.file ?? chain.file],
          reader,
        },
      ];
    }),
  );
  loaded.set(table, chains);
  return chains;
}
