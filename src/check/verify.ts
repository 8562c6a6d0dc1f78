import { type Narrowed, type Narrowing, narrowItems } from "../filter/narrowing.ts";
import { languageOf } from "../languages/registry.ts";
import { families, familyNames } from "../model/address.ts";
import { ownChainIn, serviceInRule } from "../programs/registry.ts";
import { everyService, type ServiceOfChain } from "../reconcile/attribution.ts";
import type { HostProblem, HostState } from "../reconcile/live/host-state.ts";
import { type Changes, withoutCommentsInTables } from "../reconcile/plan-changes.ts";
import { type ServiceOfLine, summarizeChanges } from "../reconcile/summarize-changes.ts";
import { countOf, type Drift, type DriftKind, describeChain, describeOthers, describeWholeChain } from "./drift.ts";

const { canonical, isBuiltIn, targetOf, withoutComments } = languageOf.iptables.lines;

/** Compares a host with its desired state: the changes of a plan, reported as faults of the host. */
export function verifyHost(
  changes: Changes,
  host: HostState,
  ofChain: ServiceOfChain,
  ofLine: ServiceOfLine,
): readonly Drift[] {
  return [...driftOfChains(changes, ofChain), ...driftOfOthers(changes, ofLine), ...foreignRules(host)];
}

/** Rules of kube-proxy's kind beside those that are compared: no repair of those ends their effect. */
export function driftOfOtherRules(problems: readonly HostProblem[]): readonly Drift[] {
  return problems.map(({ code, heading, message }) => ({
    kind: "other-rules",
    what: `${heading}: ${message}`,
    service: everyService,
    where: heading,
    lines: [`+ ${message} (portolan explain ${code})`],
    isDrift: true,
  }));
}

/** Whether any of the changes affects packets. */
export function isDrifted(changes: Changes): boolean {
  const told = [...driftOfChains(changes, () => everyService), ...driftOfOthers(changes, () => undefined)];
  return changes.flows.length > 0 || told.some(({ isDrift }) => isDrift);
}

function driftOfChains({ chains }: Changes, ofChain: ServiceOfChain): readonly Drift[] {
  return chains.map(({ family, table, chain, kind, desired, live, difference, isBuiltIn }) => {
    const missing = kind === "add" ? desired : difference.missing;
    const extra = kind === "remove" ? live : difference.extra;
    const owner = ofChain(chain);
    const concerned = new Set([...missing, ...extra].map((line) => serviceInRule(line) ?? owner));
    const service = owner === everyService && concerned.size > 0 ? [...concerned].join(", ") : owner;
    const where = `${table} chain ${chain}${isBuiltIn ? ", jumps to kube-proxy chains" : ""} (${familyNames[family]})`;
    const drift = {
      kind: kindOf(kind, missing.length, extra.length),
      service,
      where,
      lines: [...missing.map((line) => `- ${line}`), ...extra.map((line) => `+ ${line}`)],
      isDrift: !saysTheSame(missing, extra),
      chain: { family, table, name: chain, rules: desired.length },
    };
    const isWhole = !isBuiltIn && kind !== "change";
    return { ...drift, what: isWhole ? describeWholeChain(drift) : describeChain(drift) };
  });
}

/**
 * When a cluster grows beyond a thousand endpoints, or shrinks below, kube-proxy rewrites only rules with other
 * changes. Old comments then remain, and no packet is treated differently.
 */
export function saysTheSame(missing: readonly string[], extra: readonly string[]): boolean {
  const plain = (lines: readonly string[]) => lines.map((line) => canonical(withoutComments(line))).join("\n");
  return missing.length > 0 && missing.length === extra.length && plain(missing) === plain(extra);
}

export function kindOf(kind: "add" | "change" | "remove", missing: number, extra: number): DriftKind {
  if (kind === "add") return "missing";
  if (kind === "remove") return "extra";
  if (missing === 0 && extra === 0) return "reordered";
  return missing > 0 && extra > 0 ? "changed" : missing > 0 ? "missing" : "extra";
}

/** Sets, virtual servers, addresses, settings and tables of nftables but for their comments, by service. */
function driftOfOthers(changes: Changes, ofLine: ServiceOfLine): readonly Drift[] {
  const { tables } = withoutCommentsInTables(changes);
  const others = summarizeChanges({ ...changes, tables, chains: [], flows: [] }, () => everyService, ofLine);
  return others.map(({ service, kind, counts, lines }) => ({
    kind: kind === "add" ? "missing" : kind === "remove" ? "extra" : "changed",
    what: describeOthers(counts),
    service,
    where: counts.map(({ what }) => what).join(", "),
    lines: lines.map((line) => (line.startsWith("+") ? `-${line.slice(1)}` : `+${line.slice(1)}`)),
    isDrift: true,
  }));
}

const verdicts = new Set(["ACCEPT", "DROP", "REJECT", "DNAT", "REDIRECT", "MASQUERADE", "SNAT"]);

/** Foreign rules that packets meet before ours. Where they have a verdict, packets may not reach our rules. */
function foreignRules({ rules }: HostState): readonly Drift[] {
  return families.flatMap((family) =>
    [...(rules[family]?.tables ?? [])].flatMap(([table, chains]) =>
      [...chains].flatMap(([chain, { lines }]) => {
        if (!isBuiltIn(chain)) return [];
        const first = lines.findIndex((line) => ownChainIn(line) !== undefined);
        const before = lines.slice(0, Math.max(first, 0));
        if (before.length === 0) return [];
        return [
          {
            kind: "foreign-rules-first" as const,
            what: `${countOf(before.length, "rule")} of other programs ${before.length === 1 ? "comes" : "come"} before the jumps to kube-proxy chains in ${chain} (${table}, ${familyNames[family]})`,
            service: everyService,
            where: `${table} chain ${chain} (${familyNames[family]})`,
            lines: before.map((line) => `+ ${line}`),
            chain: { family, table, name: chain, rules: lines.length - before.length },
            isDrift: before.some((line) => verdicts.has(targetOf(line) ?? "") && !line.includes(" -i lo ")),
          },
        ];
      }),
    ),
  );
}

/** Filters the drift of a host. Of a chain that Services share, only the lines of the selected Services are shown. */
export function narrowDrift(findings: readonly Drift[], narrowing: Narrowing | undefined): Narrowed<Drift> {
  if (narrowing === undefined) return { shown: findings, hidden: [] };
  const parts = findings.flatMap((finding) => divide(finding, narrowing));
  return narrowItems(parts, servicesOf, narrowing);
}

export function servicesOf({ service }: Drift): readonly string[] {
  return service.split(", ");
}

function divide(finding: Drift, { shows }: Narrowing): readonly Drift[] {
  const names = servicesOf(finding);
  const hidden = new Set(names.filter((name) => !shows([name])));
  if (hidden.size === 0 || hidden.size === names.length) return [finding];
  const part = (isOfPart: (service: string) => boolean): Drift => {
    const lines = finding.lines.filter((line) => isOfPart(serviceInRule(line) ?? everyService));
    const judged = { ...finding, ...judge(finding, lines), service: names.filter(isOfPart).join(", "), lines };
    return judged.chain === undefined ? judged : { ...judged, what: describeChain({ ...judged, chain: judged.chain }) };
  };
  return [part((service) => !hidden.has(service)), part((service) => hidden.has(service))];
}

function judge({ isDrift }: Drift, lines: readonly string[]): Pick<Drift, "kind" | "isDrift"> {
  const of = (sign: string): readonly string[] =>
    lines.filter((line) => line.startsWith(sign)).map((line) => line.slice(2));
  const [missing, extra] = [of("-"), of("+")];
  return { kind: kindOf("change", missing.length, extra.length), isDrift: isDrift && !saysTheSame(missing, extra) };
}
