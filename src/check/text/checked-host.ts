import { createSubject, type Sink } from "../../diagnostics/diagnostic.ts";
import { at, documentPlace, type Place } from "../../diagnostics/place.ts";
import { type TextProblem, toolNames } from "../../ir/text.ts";
import { parseLinks } from "../../languages/iproute.ts";
import { parseSets, type SavedSet } from "../../languages/ipset/parse.ts";
import { parseTables } from "../../languages/iptables/parse.ts";
import type { Rule } from "../../languages/iptables/rule.ts";
import { parseServers, type SavedServer } from "../../languages/ipvs/parse.ts";
import { type Family, families } from "../../model/address.ts";
import { addressDevice } from "../../programs/kube-proxy/names.ts";
import type { ToolText } from "./actual-texts.ts";

/** What the rules about text look at: one host, as its tools print it. */
export interface CheckedHost {
  /** Of both families. */
  readonly tables: readonly CheckedTable[];
  /** Undefined: nothing is known of sets. */
  readonly sets: ReadonlyMap<string, SavedSet> | undefined;
  readonly servers: readonly { readonly server: SavedServer; readonly place: Place }[];
  /** What kube-ipvs0 carries; undefined: not known. */
  readonly boundAddresses: ReadonlySet<string> | undefined;
  /** Every address of every interface; undefined: not known. */
  readonly addresses: ReadonlySet<string> | undefined;
}

export interface CheckedTable {
  readonly name: string;
  readonly family: Family;
  readonly chains: ReadonlyMap<string, CheckedChain>;
  /** It declares built-in chains, as a dump does: what leads into other chains is known. */
  readonly hasBuiltIns: boolean;
  /** It declares chains of its own. Without any it is a piece to be laid over others. */
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

/** Of one text so many broken lines are told: after these it is known to be none of the kind. */
const mostBroken = 20;

/** Parses the texts of a host. Broken lines are reported; pieces of one table are laid over one another. */
export function parseHost(texts: readonly ToolText[], sink: Sink): CheckedHost {
  const report = sink.reporter(createSubject());
  const tell: Tell = (document, problems) => {
    for (const { line, message } of [...problems.slice(0, mostBroken)].sort((a, b) => a.line - b.line)) {
      const problem = problems.length > mostBroken ? `${message} (${problems.length} such lines)` : message;
      report("dump-line-broken", at(documentPlace(document), line), { problem });
    }
  };
  const ofKind = (kind: ToolText["kind"]): readonly ToolText[] => texts.filter((text) => text.kind === kind);
  const sets = ofKind("ipset").map(({ document, text }) => {
    const saved = parseSets(text);
    tell(document, saved.problems);
    return saved.sets;
  });
  const servers = ofKind("ipvs").flatMap(({ document, text }) => {
    const saved = parseServers(text);
    tell(document, saved.problems);
    return saved.servers.map((server) => ({ server, place: at(documentPlace(document), server.line) }));
  });
  const links = ofKind("links").flatMap(({ text }) => parseLinks(text, addressDevice) ?? []);
  const addresses = links.flatMap(({ ips }) => ips);
  const batches = ofKind("addresses").flatMap(({ text }) =>
    [...text.matchAll(/^addr replace (\S+)\/\d+ /gm)].map(([, ip]) => ip as string),
  );
  const onDevice = links.filter(({ name }) => name === addressDevice).flatMap(({ ips }) => ips);
  const isBound = ofKind("addresses").length > 0 || addresses.length > 0;
  return {
    tables: families.flatMap((family) => parseRules(ofKind(toolNames[family]), family, tell)),
    sets: sets.length === 0 ? undefined : new Map(sets.flat().map((set) => [set.name, set])),
    servers,
    boundAddresses: isBound ? new Set([...onDevice, ...batches]) : undefined,
    addresses: addresses.length > 0 ? new Set(addresses) : undefined,
  };
}

type Tell = (document: number, problems: readonly TextProblem[]) => void;

interface OpenChain {
  readonly name: string;
  place: Place | undefined;
  rules: PlacedRule[];
}

interface OpenTable {
  readonly chains: Map<string, OpenChain>;
  hasBuiltIns: boolean;
  declaresChains: boolean;
}

function parseRules(texts: readonly ToolText[], family: Family, tell: Tell): readonly CheckedTable[] {
  const tables = new Map<string, OpenTable>();
  for (const { document, text } of texts) {
    const parsed = parseTables(text);
    tell(document, parsed.problems);
    for (const { name, chains } of parsed.tables) {
      const table: OpenTable = tables.get(name) ?? { chains: new Map(), hasBuiltIns: false, declaresChains: false };
      tables.set(name, table);
      for (const { name: chainName, policy, declaredAt, rules } of chains) {
        const chain: OpenChain = table.chains.get(chainName) ?? { name: chainName, place: undefined, rules: [] };
        table.chains.set(chainName, chain);
        if (declaredAt !== undefined) {
          chain.place = at(documentPlace(document), declaredAt);
          if (policy === undefined) chain.rules = [];
          if (policy === undefined) table.declaresChains = true;
          else table.hasBuiltIns = true;
        }
        for (const rule of rules) chain.rules.push({ rule, place: at(documentPlace(document), rule.line) });
      }
    }
  }
  return [...tables].map(([name, table]) => ({ name, family, ...table }));
}
