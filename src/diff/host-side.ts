import { parseTarget } from "../datapath/address-set.ts";
import type { HostTexts, NodeEnvironment } from "../datapath/host.ts";
import { numberOf } from "../diagnostics/place.ts";
import { type HostDocument, type HostText, placedText, type TextPart, textsUnder } from "../ir/artifact.ts";
import { loadRules, loadTables } from "../languages/evaluated-host.ts";
import { batchHeading, withoutLength } from "../languages/iproute.ts";
import { headingOf, languageOf } from "../languages/registry.ts";
import { parseRoutes, routeHeadings } from "../languages/routes.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import { ownSets } from "../programs/registry.ts";
import { modeShownIn } from "../programs/traffic-registry.ts";
import type { ParsedDump } from "../reconcile/live/parse-dump.ts";
import { describeProblem, readHostDocument } from "../reconcile/live/read-host-document.ts";

/** A host as its texts show it: what a SideNode takes from a dump or an --out-dir folder. */
export interface HostSide {
  /** Undefined where the texts contain no name: the name of the other side is used. */
  readonly name: string | undefined;
  readonly mode: ProxyMode | undefined;
  readonly texts: HostTexts;
  /** Undefined where the texts do not show the addresses. */
  readonly addresses: NodeEnvironment["nodeAddresses"] | undefined;
  /** Addresses inferred from node ports, perhaps incomplete. They count where neither side has addresses. */
  readonly shownAddresses?: NodeEnvironment["nodeAddresses"] | undefined;
  /** Undefined where the texts do not show the routes. */
  readonly routes?: NodeEnvironment["routes"];
}

export type HostSides =
  | { readonly kind: "hosts"; readonly hosts: readonly HostSide[]; readonly notes: ParsedDump["notes"] }
  | { readonly kind: "broken"; readonly message: string };

/** The texts of a host document for the datapath, by the names of their files. Parts of one tool stay in their order. */
export function hostTextsOf(host: HostDocument, nameOf = ({ file }: HostText) => file): HostTexts {
  const parts = (heading: string): readonly TextPart[] =>
    textsUnder(host, heading).map((text) => ({ file: nameOf(text), text: placedText(text), table: text.table }));
  const bound = languageOf.iproute.parse(textsUnder(host, batchHeading)).doc;
  return {
    iptables: parts("iptables-save"),
    ip6tables: parts("ip6tables-save"),
    otherBackend: otherBackendOf(parts),
    nftables: parts(headingOf("nftables")),
    ipset: parts("ipset save"),
    ipvs: parts("ipvsadm -Sn"),
    serviceAddresses: bound.map(({ cidr }) => withoutLength(cidr)),
  };
}

/** The texts of a host, named so that their lines have places. */
export function placedTextsOf(document: HostDocument): HostTexts {
  const known = placed.get(document);
  if (known !== undefined) return known;
  const texts = hostTextsOf(document, numberOf);
  placed.set(document, texts);
  return texts;
}

/** Kept, so that the rules of `check` about text and those about traffic read them once. */
const placed = new WeakMap<HostDocument, HostTexts>();

/** The rules of the back end that the host's iptables does not show. */
function otherBackendOf(parts: (heading: string) => readonly TextPart[]): HostTexts["otherBackend"] {
  const found = (["legacy", "nft"] as const).map((name) => ({
    name,
    iptables: parts(`iptables-${name}-save`),
    ip6tables: parts(`ip6tables-${name}-save`),
  }));
  return found.find(({ iptables, ip6tables }) => iptables.length > 0 || ip6tables.length > 0);
}

/**
 * A host from a document. A string is the reason why the document is unreliable, since a broken line may hide a rule.
 */
export function hostSideOf(host: HostDocument, file: string): HostSide | string {
  const texts = hostTextsOf(host);
  const problem = findTextProblem(texts);
  if (problem !== undefined) return problem;
  if (host.kind === "collected") return collectedSide(host, texts, file);
  const { serviceAddresses, nodeAddresses: shownAddresses } = inferAddresses(texts);
  const mode = modeShownIn(texts);
  const routes = routesOf(host);
  return { name: host.name, mode, texts: { ...texts, serviceAddresses }, addresses: undefined, shownAddresses, routes };
}

function collectedSide(host: HostDocument, shown: HostTexts, file: string): HostSide | string {
  const { state, problems } = readHostDocument(host);
  const [problem] = problems;
  if (problem !== undefined) return `${file} cannot be relied on: ${describeProblem(problem)}`;
  const texts = { ...shown, serviceAddresses: [...(state.serviceAddresses ?? [])].map(withoutLength) };
  return { name: host.name, mode: modeShownIn(texts), texts, addresses: state.addresses, routes: routesOf(host) };
}

/** The routes of both families; undefined where no text lists any. */
function routesOf(host: HostDocument): NodeEnvironment["routes"] {
  const texts = routeHeadings.flatMap((heading) => textsUnder(host, heading));
  return texts.length === 0 ? undefined : texts.flatMap(({ text }) => parseRoutes(text) ?? []);
}

/** The first problem in the texts of a host, with its file and line: a broken line may hide a rule. */
export function findTextProblem({ iptables, ip6tables, nftables = [], ipset, ipvs }: HostTexts): string | undefined {
  // Loaded rules are cached by their parts, so that the comparison does not split 32 MB a second time.
  const problems = [
    ...loadRules(iptables).problems,
    ...loadRules(ip6tables).problems,
    ...loadTables(nftables).problems,
    ...languageOf.ipset.parse(ipset).problems,
    ...languageOf.ipvs.parse(ipvs).problems,
  ];
  const [problem, ...more] = problems;
  if (problem === undefined) return undefined;
  const { file, line, message } = problem;
  return `${file}:${line}: ${message}${more.length > 0 ? ` (and ${more.length} more)` : ""}`;
}

export interface InferredAddresses {
  readonly serviceAddresses: readonly string[];
  /** Undefined where virtual servers do not show the addresses. */
  readonly nodeAddresses: readonly string[] | undefined;
}

/**
 * Infers a host's addresses in ipvs mode: virtual servers exist only for addresses of the host. Service addresses are
 * on kube-ipvs0 or, without a dump of it, in sets. The others belong to the node.
 */
export function inferAddresses({ ipvs, ipset, serviceAddresses }: HostTexts): InferredAddresses {
  const served = new Set(
    languageOf.ipvs.parse(ipvs).doc.map(({ address }) => parseTarget(address)?.address ?? address),
  );
  if (served.size === 0) return { serviceAddresses, nodeAddresses: undefined };
  const known = new Set(serviceAddresses);
  if (known.size === 0) {
    const sets = languageOf.ipset.parse(ipset).doc.filter(({ name }) => ownSets.hasServiceAddresses(name));
    for (const entry of sets.flatMap(({ entries }) => entries)) known.add(entry.text.split(",")[0] ?? "");
  }
  const nodeAddresses = [...served].filter((address) => !known.has(address));
  return {
    serviceAddresses: serviceAddresses.length > 0 ? serviceAddresses : [...served].filter((each) => known.has(each)),
    nodeAddresses: nodeAddresses.length > 0 ? nodeAddresses : undefined,
  };
}
