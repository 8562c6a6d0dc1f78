import type { TableChange, TableSetChange } from "../languages/nftables/diff-tables.ts";
import { elementText, type NftElement, type NftTable } from "../languages/nftables/ruleset.ts";
import { tableName } from "../languages/nftables/stages.ts";
import { servicePortInComment } from "../programs/kube-proxy/names.ts";
import { nodePortAddressesSet, servicePortInNftName } from "../programs/kube-proxy/nftables/names.ts";
import { everyService, unknownService } from "./attribution.ts";

/** Takes one line of a change, and what it counts as. */
export type Note = (service: string, what: string, sign: "+" | "-", line: string) => void;

/** The differences of a table of nftables by service port, in the words of nft's own commands. */
export function noteTable(change: TableChange, note: Note): void {
  const { kind, isMadeAnew, chains, sets } = change;
  const name = tableName(change);
  if (kind === "remove" || isMadeAnew) note(everyService, "table", "-", `table ${name}`);
  if (kind === "add" || isMadeAnew) note(everyService, "table", "+", `table ${name}`);
  for (const { name: chain, kind: how, missing, extra } of chains) {
    const owner = servicePortInNftName(chain) ?? everyService;
    if (how === "add") note(owner, "chain", "+", `chain ${name} ${chain}`);
    if (how === "remove") note(owner, "chain", "-", `chain ${name} ${chain}`);
    for (const rule of extra) note(owner, "rule", "-", `rule ${name} ${chain} ${rule}`);
    for (const rule of missing) note(owner, "rule", "+", `rule ${name} ${chain} ${rule}`);
    if (how === "change" && missing.length + extra.length === 0) {
      note(owner, "rule order", "-", `chain ${name} ${chain}: the order of its rules`);
      note(owner, "rule order", "+", `chain ${name} ${chain}: the desired order`);
    }
  }
  const whose = ownersOfElements(change);
  for (const set of sets) noteSet(set, change, whose, note);
}

type Whose = (set: string, element: NftElement) => string;

function noteSet({ name, kind, missing, extra }: TableSetChange, change: TableChange, whose: Whose, note: Note): void {
  const place = `${tableName(change)} ${name}`;
  const owner = servicePortInNftName(name) ?? everyService;
  const one = change.desired?.sets.get(name) ?? change.live?.sets.get(name);
  const what = one?.value === undefined ? "set" : "map";
  if (kind === "remove" || kind === "replace") note(owner, what, "-", `${what} ${place}`);
  if (kind === "add" || kind === "replace") note(owner, what, "+", `${what} ${place}`);
  const each = (sign: "+" | "-", elements: readonly NftElement[]): void => {
    for (const element of elements)
      note(whose(name, element), `${what} element`, sign, `element ${place} { ${elementText(element)} }`);
  };
  each("-", extra);
  each("+", missing);
}

/** By the chain that an element leads to, or its comment; else by its address, or that of an endpoint. */
function ownersOfElements({ desired, live }: TableChange): Whose {
  let known: ReadonlyMap<string, string> | undefined;
  return (set, element) => {
    const own = servicePortInNftName(set) ?? ownerOf(element);
    if (own !== undefined) return own;
    if (set === nodePortAddressesSet) return everyService;
    known ??= ownersOfAddresses([live, desired].filter((table) => table !== undefined));
    const parts = element.key.split(" . ");
    return known.get(parts.length > 1 ? `${parts[0]} ${parts.at(-1)}` : element.key) ?? unknownService;
  };
}

function ownerOf({ value = "", comment = "" }: NftElement): string | undefined {
  return servicePortInNftName(value.slice(value.indexOf(" ") + 1)) ?? servicePortInComment(comment);
}

/** By the address of a Service, or by address and port of an endpoint: `10.244.1.5 8080`. Later tables win. */
function ownersOfAddresses(tables: readonly NftTable[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { sets, chains } of tables) {
    for (const { elements } of sets.values()) {
      for (const element of elements) {
        const owner = ownerOf(element);
        if (owner !== undefined) owners.set(element.key.split(" ", 1).join(), owner);
      }
    }
    for (const { name, rules } of chains.values()) {
      const owner = servicePortInNftName(name);
      for (const { text } of owner === undefined ? [] : rules) {
        for (const [, address, bracketed, port] of text.matchAll(endpoint))
          owners.set(`${address ?? bracketed} ${port}`, owner ?? "");
      }
    }
  }
  return owners;
}

/** `10.244.1.5 . 8080`, `10.244.1.5:8080`, `[fd00::5]:8080` */
const endpoint = /(?:(?<=[\s{])([\da-f.:]*[\d.a-f:])(?: \. |:(?=\d+$))|\[([\da-f:]+)\]:)(\d+)/g;
