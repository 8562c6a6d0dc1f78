import { type Drift, describeTraffic } from "../check/drift.ts";
import { escapeControls } from "../diagnostics/printable.ts";
import type { NotShown } from "../filter/narrowing.ts";
import type { Backend, Step } from "../ir/artifact.ts";
import { type Family, families, familyNames } from "../model/address.ts";
import type { OwnedState } from "../reconcile/owned-state.ts";
import type { ChangeCount, ServiceChange } from "../reconcile/summarize-changes.ts";
import type { Paint } from "./diagnostics.ts";
import { notShownSentence } from "./words.ts";

const signs = { add: "+", change: "~", remove: "-" } as const;
const paints = { add: "green", change: "yellow", remove: "red" } as const;

/** The node and mode of a plan, and its steps. */
export interface RenderedPlan {
  readonly desired: { readonly node: string; readonly mode: string; readonly wanted: Pick<OwnedState, "rules"> };
  readonly backends: Readonly<Record<Family, Backend>>;
  readonly plan: { readonly steps: readonly Step[] };
}

export interface PlanLook {
  /** Every rule that changes. */
  readonly all: boolean;
  readonly paint: Paint;
  /** The changes that are not shown. */
  readonly notShown?: NotShown | undefined;
}

/** The plan as text: which Services change, how much, and in which steps. */
export function renderPlan(
  planned: RenderedPlan,
  changes: readonly ServiceChange[],
  { all, paint, notShown }: PlanLook,
): string {
  const { plan, desired } = planned;
  const left = notShown === undefined ? "" : `${escapeControls(notShownSentence(notShown, "change"))}.\n`;
  if (plan.steps.length === 0) return `${whatFor(planned)}: the host matches, nothing to do.\n${left}`;
  if (changes.length === 0 && left !== "") return `${whatFor(planned)}: nothing to do for the Services shown.\n${left}`;
  const shown = all ? changes : changes.slice(0, mostRows);
  const rows = shown.map((change) => renderChange(change, widthOf(shown), all, paint));
  if (shown.length < changes.length) rows.push(`    ... ${changes.length - shown.length} more: --rules shows all\n`);
  const steps = plan.steps
    .filter((step) => !endsFlow(step))
    .map((step, index) => `  ${index + 1}. ${escapeControls(step.purpose)}: ${stepSize(step)}`);
  const forgotten = plan.steps.length - steps.length;
  if (forgotten > 0)
    steps.push(
      `  ${steps.length + 1}. delete ${plural(forgotten, "conntrack entry")} of UDP flows to removed endpoints: conntrack`,
    );
  const shownSteps =
    steps.length > mostSteps ? [...steps.slice(0, mostSteps), `  ... ${steps.length - mostSteps} more`] : steps;
  const count = `${countChanges(changes)}, on ${escapeControls(desired.node)}.\n${left}`;
  const heading = left === "" ? "Steps:" : "Steps for all Services:";
  return `${whatFor(planned)}\n\n${rows.join("")}\n${count}\n${heading}\n${shownSteps.join("\n")}\n`;
}

const mostSteps = 20;
const mostRows = 40;

function whatFor({ desired, backends }: RenderedPlan): string {
  const used = families.filter((family) => desired.wanted.rules[family] !== undefined);
  const spelled = used.map((family) => `${familyNames[family]} (iptables-${backends[family] satisfies Backend})`);
  const mode = desired.mode === "cleanup" || desired.mode === "backup" ? desired.mode : `${desired.mode} mode`;
  return `Node ${escapeControls(desired.node)}, ${[mode, ...spelled].join(", ")}`;
}

function widthOf(changes: readonly ServiceChange[]): number {
  return changes.reduce((width, { service }) => Math.max(width, Math.min(40, service.length)), 0);
}

function renderChange(
  { service, kind, counts, lines }: ServiceChange,
  width: number,
  all: boolean,
  paint: Paint,
): string {
  const sign = paint(paints[kind], signs[kind]);
  const head = `  ${sign} ${escapeControls(service).padEnd(width)}  ${counts.map((count) => renderCount(count, kind)).join(", ")}\n`;
  return head + (all ? lines.map((line) => `      ${escapeControls(line)}\n`).join("") : "");
}

function renderCount({ what, added, removed }: ChangeCount, kind: ServiceChange["kind"]): string {
  if (kind === "add") return plural(added, what);
  if (kind === "remove") return removed === 0 ? `${plural(added, what)} reset` : plural(removed, what);
  const parts = [added > 0 ? `+${added}` : "", removed > 0 ? `-${removed}` : ""].filter((part) => part !== "");
  return `${parts.join(" ")} ${added + removed === 1 ? what : pluralOf(what)}`;
}

/** A count with its noun. */
function plural(count: number, what: string): string {
  return `${count} ${count === 1 ? what : pluralOf(what)}`;
}

function pluralOf(what: string): string {
  if (what === "rule order") return what;
  if (what.endsWith("ss")) return `${what}es`;
  return what.endsWith("ry") ? `${what.slice(0, -1)}ies` : `${what}s`;
}

function countChanges(changes: readonly ServiceChange[]): string {
  const of = (kind: ServiceChange["kind"]): number => changes.filter((change) => change.kind === kind).length;
  return `${of("add")} to add, ${of("change")} to change, ${of("remove")} to remove`;
}

/** One for each connection: they are counted. */
function endsFlow({ argv, mayFail }: Step): boolean {
  return mayFail === true && argv[0] === "conntrack";
}

function stepSize({ argv, stdin }: Step): string {
  if (stdin === "") return argv.join(" ");
  const commits = stdin.match(/^COMMIT$/gm)?.length ?? 0;
  const transactions = commits > 1 ? `, ${commits} transactions` : commits === 1 ? ", one transaction" : "";
  return `${argv[0]}, ${size(stdin.length)}${transactions}`;
}

function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** What differs on a host, which Services are affected, and the number of differences. */
export function renderVerify(
  {
    node,
    findings,
    notShown,
  }: { readonly node: string; readonly findings: readonly Drift[]; readonly notShown: NotShown | undefined },
  paint: Paint,
): string {
  const count = findings.filter(({ isDrift }) => isDrift).length;
  const texts = findings.map((finding) => `${renderFinding(finding, paint)}\n`);
  return texts.join("") + renderSummary(count, node, notShown);
}

function renderSummary(count: number, node: string, notShown: NotShown | undefined): string {
  const summary = count === 0 ? "no drift" : `${count} ${count === 1 ? "difference" : "differences"}`;
  const isPart = notShown !== undefined && notShown.count > 0;
  const left = notShown === undefined ? "" : `${escapeControls(notShownSentence(notShown, "finding"))}.\n`;
  return `Node ${escapeControls(node)}: ${summary}${isPart ? " for the Services shown" : ""}.\n${left}`;
}

const mostLines = 5;
const mostEffects = 4;

function renderFinding({ kind, what, service, lines, isDrift, traffic }: Drift, paint: Paint): string {
  const shown = lines.slice(0, mostLines).map((line) => `    ${escapeControls(line)}\n`);
  if (lines.length > mostLines) shown.push(`    ... ${lines.length - mostLines} more\n`);
  const label = isDrift ? paint("red", kind) : paint("dim", `note: ${kind}`);
  const affected = `  affects ${escapeControls(service)}\n${renderTraffic(traffic)}`;
  return `${label}: ${escapeControls(what)}\n${affected}${shown.join("")}`;
}

function renderTraffic(traffic: Drift["traffic"]): string {
  if (traffic === undefined) return "";
  if (traffic.length === 0) return "  no packet is treated differently now\n";
  const shown = traffic.slice(0, mostEffects).map((one) => `  ${escapeControls(describeTraffic(one))}\n`);
  const more = traffic.length - shown.length;
  return shown.join("") + (more > 0 ? `  ... ${more} more effects\n` : "");
}
