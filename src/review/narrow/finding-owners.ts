import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { InputObject } from "../../model/flatten-documents.ts";
import { serviceAddresses } from "../diff/keys/service-addresses.ts";
import { createObjectOwners } from "./object-owners.ts";
import { createRuleOwners, type RuleOwners } from "./rule-owners.ts";

/** What `check` has looked at. */
export interface CheckedInput {
  /** Of the state; empty without one. */
  readonly objects: readonly InputObject[];
  /** Undefined where there is no state, or where it cannot be read. */
  readonly cluster: Cluster | undefined;
  /** A document's text where it is a tool's, of which lines are the places. */
  readonly textOf: (document: number) => string | undefined;
}

/** Says whose findings are. One that names other objects, such as whom a port is taken by, is theirs as well. */
export function createFindingOwners(input: CheckedInput): (finding: Diagnostic) => readonly string[] {
  const ofObject = createObjectOwners(input.objects);
  const ofLine = createTextOwners(input);
  return ({ object, origin, related }) => {
    if (origin === undefined) return [];
    const inText = ofLine(origin.document, Number(origin.path[0] ?? 0), object);
    if (inText !== undefined) return inText;
    const owners = ofObject(origin);
    return owners.length === 0 ? [] : [...owners, ...related.flatMap((place) => ofObject(place.origin))];
  };
}

type TextOwners = (document: number, line: number, object: string | undefined) => readonly string[] | undefined;

/** Lines of tools' texts are told by comments, virtual servers by the addresses of a state. */
function createTextOwners({ cluster, textOf }: CheckedInput): TextOwners {
  const read = new Map<number, ReadText | undefined>();
  let addresses: ReturnType<typeof serviceAddresses> | undefined;
  return (document, number, object = "") => {
    if (!read.has(document)) read.set(document, readText(textOf(document)));
    const text = read.get(document);
    if (text === undefined) return undefined;
    const [, protocol, target = ""] = /^Virtual server (\w+) (\S+)$/.exec(object) ?? [];
    if (protocol === undefined) return text.ofRule(...chainAndLine(text.lines[number - 1] ?? ""));
    addresses ??= cluster === undefined ? new Map() : serviceAddresses(cluster, () => undefined);
    const port = target.slice(target.lastIndexOf(":"));
    const owner = addresses.get(`${target}/${protocol}`) ?? addresses.get(`*${port}/${protocol}`);
    return owner === undefined ? [] : [owner.name];
  };
}

interface ReadText {
  readonly lines: readonly string[];
  readonly ofRule: RuleOwners;
}

function readText(text: string | undefined): ReadText | undefined {
  if (text === undefined) return undefined;
  const lines = text.split("\n");
  const chains = new Map<string, string[]>();
  for (const line of lines) {
    const [chain, rule] = chainAndLine(line);
    if (!rule.startsWith("-A ")) continue;
    const known = chains.get(chain);
    if (known === undefined) chains.set(chain, [rule]);
    else known.push(rule);
  }
  const rules = { tables: new Map([["nat", { chains }]]) };
  return { lines, ofRule: createRuleOwners([{ rules: { ipv4: rules, ipv6: undefined } }]) };
}

/** The chain that a rule is in, or that is declared; and the line without its counters. */
function chainAndLine(text: string): readonly [chain: string, line: string] {
  const line = text.trim().replace(/^\[\d+:\d+\] /, "");
  return [/^(?:-A |:)(\S+)/.exec(line)?.[1] ?? "", line];
}
