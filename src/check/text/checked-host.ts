import { createSubject, type Sink } from "../../diagnostics/diagnostic.ts";
import { numberOf, type Place, placeIn } from "../../diagnostics/place.ts";
import { placedTextsOf } from "../../diff/host-side.ts";
import {
  type HostDocument,
  type PlacedProblem,
  placedText,
  type TextPart,
  textsUnder,
  toolNames,
} from "../../ir/artifact.ts";
import { loadSavedTables, loadTables } from "../../languages/evaluated-host.ts";
import {
  batchHeading,
  givenAddresses,
  iproute,
  linksCommand,
  parseLinks,
  withoutLength,
} from "../../languages/iproute.ts";
import { ipset } from "../../languages/ipset/language.ts";
import type { SavedSet } from "../../languages/ipset/text.ts";
import { concernsRules, parseRules, type ReadRule } from "../../languages/iptables/parse.ts";
import type { SavedChain } from "../../languages/iptables/read-tables.ts";
import type { Rule } from "../../languages/iptables/rule.ts";
import { ipvs } from "../../languages/ipvs/language.ts";
import type { SavedServer } from "../../languages/ipvs/text.ts";
import type { HostLanguage } from "../../languages/language.ts";
import type { Ruleset } from "../../languages/nftables/ruleset.ts";
import { type Family, families } from "../../model/address.ts";
import { addressDevice } from "../../programs/registry.ts";

/** The input of the rules about text: one host, as its tools print it. */
export interface CheckedHost {
  /** Of both families. */
  readonly tables: readonly CheckedTable[];
  /** Undefined: the sets are unknown. */
  readonly sets: ReadonlyMap<string, SavedSet> | undefined;
  /** Its tables of nftables. */
  readonly ruleset: Ruleset;
  readonly servers: readonly { readonly server: SavedServer; readonly place: Place }[];
  /** The addresses of kube-ipvs0; undefined: unknown. */
  readonly boundAddresses: ReadonlySet<string> | undefined;
  /** Every address of every interface; undefined: unknown. */
  readonly addresses: ReadonlySet<string> | undefined;
}

export interface CheckedTable {
  readonly name: string;
  readonly family: Family;
  readonly chains: ReadonlyMap<string, CheckedChain>;
  /** It declares built-in chains, as a dump does: the callers of other chains are known. */
  readonly hasBuiltIns: boolean;
  /** It declares chains of its own. A text without any is a part that is merged with others. */
  readonly declaresChains: boolean;
}

export interface CheckedChain {
  readonly name: string;
  readonly place: Place | undefined;
  readonly rules: readonly PlacedRule[];
}

export interface PlacedRule {
  readonly rule: Rule;
  readonly place: Place;
}

export type TextRule = (host: CheckedHost, sink: Sink) => void;

/** The number of broken lines that are reported for one text; after that it is treated as unrecognised. */
const mostBroken = 20;

/** Parses the texts of a host. Broken lines are reported; parts of one table are merged. */
export function parseHost(host: HostDocument, sink: Sink): CheckedHost {
  const texts = placedTextsOf(host);
  const sets = parsePlaced(ipset, partsUnder(host, "ipset save"), sink);
  const servers = partsUnder(host, "ipvsadm -Sn").flatMap((part) =>
    parsePlaced(ipvs, [part], sink).map((server) => ({ server, place: placeIn(part.file, server.line) })),
  );
  const { doc: ruleset, problems: ofTables } = loadTables(texts.nftables ?? []);
  reportBroken(ofTables, sink);
  const links = textsUnder(host, linksCommand).flatMap(({ text }) => parseLinks(text) ?? []);
  const addresses = links.flatMap(({ ips }) => ips);
  const batches = partsUnder(host, batchHeading);
  const onDevice = links.filter(({ name }) => name === addressDevice).flatMap(givenAddresses);
  const bound = iproute.parse(batches).doc.map(({ cidr }) => withoutLength(cidr));
  const isBound = batches.length > 0 || addresses.length > 0;
  return {
    tables: families.flatMap((family) => tablesOf(texts[toolNames[family]], family, sink)),
    sets: textsUnder(host, "ipset save").length === 0 ? undefined : new Map(sets.map((set) => [set.name, set])),
    ruleset,
    servers,
    boundAddresses: isBound ? new Set([...onDevice, ...bound]) : undefined,
    addresses: addresses.length > 0 ? new Set(addresses) : undefined,
  };
}

/** The texts, named by the numbers of their documents, so that problems and rules have places. */
function partsUnder(host: HostDocument, heading: string): readonly TextPart[] {
  return textsUnder(host, heading).map((text) => ({
    file: numberOf(text),
    text: placedText(text),
    table: text.table,
  }));
}

function parsePlaced<Value>(
  language: HostLanguage<readonly Value[]>,
  parts: readonly TextPart[],
  sink: Sink,
): readonly Value[] {
  const { doc, problems } = language.parse(parts);
  reportBroken(problems, sink);
  return doc;
}

function reportBroken(problems: readonly PlacedProblem[], sink: Sink): void {
  const report = sink.reporter(createSubject());
  for (const file of new Set(problems.map((problem) => problem.file))) {
    const ofFile = problems.filter((problem) => problem.file === file);
    for (const { line, message } of ofFile.slice(0, mostBroken).sort((a, b) => a.line - b.line)) {
      const problem = ofFile.length > mostBroken ? `${message} (${ofFile.length} such lines)` : message;
      report("dump-line-broken", placeIn(file, line), { problem });
    }
  }
}

function tablesOf(parts: readonly TextPart[], family: Family, sink: Sink): readonly CheckedTable[] {
  const { tables, problems } = loadSavedTables(parts);
  const broken: PlacedProblem[] = problems.filter(concernsRules);
  const checked = [...tables].map(([name, chains]) => {
    const declared = [...chains.values()].filter(({ declaredAt }) => declaredAt !== undefined);
    return {
      name,
      family,
      chains: new Map([...chains].map(([chain, saved]) => [chain, checkedChain(saved, broken)])),
      hasBuiltIns: declared.some(({ policy }) => policy !== undefined),
      declaresChains: declared.some(({ policy }) => policy === undefined),
    };
  });
  reportBroken(broken, sink);
  return checked;
}

function checkedChain(chain: SavedChain, broken: PlacedProblem[]): CheckedChain {
  const { name, declaredAt, declaredIn } = chain;
  const { rules, problems } = parseRules(chain);
  broken.push(...problems);
  const place = declaredAt === undefined || declaredIn === undefined ? undefined : placeIn(declaredIn, declaredAt);
  return { name, place, rules: rules.map((read) => new RuleInText(read)) };
}

/** A class: there are several rules for each of 100,000 endpoints, and few places are asked for. */
class RuleInText implements PlacedRule {
  readonly rule: Rule;
  readonly #file: string;

  constructor({ rule, file }: ReadRule) {
    this.rule = rule;
    this.#file = file;
  }

  get place(): Place {
    return placeIn(this.#file, this.rule.line);
  }
}
