import { readRuleset } from "../../src/languages/nftables/read-ruleset.ts";
import {
  elementText,
  type NftChain,
  type NftElement,
  type NftSet,
  type NftTable,
} from "../../src/languages/nftables/ruleset.ts";
import { tableName } from "../../src/languages/nftables/stages.ts";
import { writeRuleset } from "../../src/languages/nftables/write-ruleset.ts";

type Tables = Map<string, NftTable & { readonly chains: Map<string, NftChain>; readonly sets: Map<string, NftSet> }>;

/** The tables of nftables. A script is one transaction, and as strict as the kernel: what it would refuse throws. */
export class SimulatedTables {
  private tables: Tables = new Map();

  run(script: string): void {
    const tables: Tables = new Map(
      [...this.tables].map(([name, table]) => [
        name,
        { ...table, chains: new Map(table.chains), sets: new Map(table.sets) },
      ]),
    );
    for (const command of commandsIn(script)) runCommand(tables, command);
    for (const table of tables.values()) checkTable(table);
    this.tables = tables;
  }

  /** As nft list ruleset prints them. */
  list(): string {
    return writeRuleset({ tables: [...this.tables.values()] });
  }

  /** As nft list tables does. */
  names(): string {
    return [...this.tables.keys()].map((name) => `table ${name}\n`).join("");
  }
}

/** A block of a table is one command, and so is any line outside of it. */
function commandsIn(script: string): readonly string[] {
  return script.split(/\n(?!\t|\}|\n)/).filter((command) => command.trim() !== "");
}

function runCommand(tables: Tables, command: string): void {
  const [verb = "", kind = "", family, table, name = ""] = command.split(/\s+/);
  if (verb === "delete" && kind === "table") {
    if (!tables.delete(`${family} ${table}`)) throw new Error(`no such table: ${command}`);
    return;
  }
  if (verb === "table" || verb === "add") {
    addTo(tables, command);
    return;
  }
  const place = tables.get(`${family} ${table}`);
  if (place === undefined) throw new Error(`no such table: ${command}`);
  const { chains, sets } = place;
  const [chain, set] = [chains.get(name), sets.get(name)];
  if (verb === "flush" && kind === "chain" && chain !== undefined) chains.set(name, { ...chain, rules: [] });
  else if (verb === "delete" && kind === "chain" && chain !== undefined) {
    if (chain.rules.length > 0) throw new Error(`the chain has rules: ${command}`);
    chains.delete(name);
  } else if (verb === "delete" && (kind === "set" || kind === "map") && set !== undefined) {
    if ((kind === "map") !== (set.value !== undefined)) throw new Error(`it is no ${kind}: ${command}`);
    sets.delete(name);
  } else if (verb === "delete" && kind === "element" && set !== undefined)
    sets.set(name, { ...set, elements: withoutElements(set, elementsOf(command)) });
  else throw new Error(`not simulated, or no such object: ${command}`);
}

function elementsOf(command: string): readonly NftElement[] {
  const { doc } = readRuleset([{ file: "", text: command.replace(/^delete/, "add") }]);
  return doc.tables.flatMap(({ sets }) => [...sets.values()].flatMap(({ elements }) => elements));
}

function withoutElements({ elements }: NftSet, gone: readonly NftElement[]): readonly NftElement[] {
  const keys = new Set(gone.map(({ key }) => key));
  const left = elements.filter(({ key }) => !keys.delete(key));
  if (keys.size > 0) throw new Error(`no such element: ${[...keys].join(", ")}`);
  return left;
}

function addTo(tables: Tables, command: string): void {
  const { doc, problems } = readRuleset([{ file: "", text: command }]);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  for (const added of doc.tables) {
    const key = tableName(added);
    const { chains, sets } = tables.get(key) ?? { chains: new Map(), sets: new Map() };
    if (!tables.has(key)) tables.set(key, { ...added, chains, sets });
    for (const chain of added.chains.values()) {
      const known = chains.get(chain.name);
      if (known === undefined && command.startsWith("add rule")) throw new Error(`no such chain: ${command}`);
      const base = chain.base ?? known?.base;
      chains.set(chain.name, { ...chain, base, rules: [...(known?.rules ?? []), ...chain.rules] });
    }
    for (const set of added.sets.values()) {
      const known = sets.get(set.name);
      if (known === undefined && set.key.length === 0) throw new Error(`no such set: ${command}`);
      const elements = [...(known?.elements ?? [])];
      for (const element of set.elements) {
        const there = elements.find(({ key }) => key === element.key);
        if (there === undefined) elements.push(element);
        else if (elementText(there) !== elementText(element)) throw new Error(`there is another element: ${command}`);
      }
      sets.set(set.name, { ...(known ?? set), elements });
    }
  }
}

/** What rules and elements name has to be there. */
function checkTable({ chains, sets }: NftTable): void {
  const rules = [...chains.values()].flatMap((chain) => chain.rules.map(({ text }) => text));
  const values = [...sets.values()].flatMap(({ elements }) => elements.flatMap(({ value = "" }) => value));
  for (const text of [...rules, ...values]) {
    for (const [, name = ""] of text.matchAll(/\b(?:jump|goto) ([^\s,}]+)/g))
      if (!chains.has(name)) throw new Error(`no such chain: ${text}`);
    for (const [, name = ""] of text.matchAll(/(?<=^|\s)@([^\s{}]+)/g))
      if (!sets.has(name)) throw new Error(`no such set: ${text}`);
  }
}
