import { printPart } from "../../datapath/share.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import type { ChainGraph } from "../../explain/chain/chain-graph.ts";
import type { NodeExplanation } from "../../explain/explain-node.ts";
import type { NodePart, ObjectExplanation } from "../../explain/explain-service.ts";
import { printSource, type Rendering } from "../../explain/explanation.ts";
import type { PicturedEndpoint, PortPicture } from "../../explain/port-picture.ts";
import type { Share } from "../../languages/text-reader.ts";
import { familyNames } from "../../model/address.ts";
import { renderLines } from "./line.ts";
import { renderOmissions } from "./not-programmed.ts";
import { renderTree, wrap } from "./tree.ts";

/**
 * `-o text` of a Service or of its endpoints: for each group of nodes a summary, what is not generated, and every line.
 * `graph` is drawn for a dump, where there is no plan.
 */
export function renderObject(
  { object, type, origin, parts }: ObjectExplanation,
  graph: ChainGraph | undefined,
  rendering: Rendering,
): string {
  const source = origin && rendering.sourceOf(origin);
  const where = source === undefined ? "" : ` (${printSource(source)})`;
  const kind = type === undefined ? "" : `, ${type}`;
  const head = `${rendering.strong(escapeControls(object))}${escapeControls(`${kind}${where}`)}\n`;
  return head + parts.map((part) => renderPart(part, graph, rendering)).join("\n");
}

function renderPart(part: NodePart, graph: ChainGraph | undefined, rendering: Rendering): string {
  const { nodes, ports, omissions, lines, missing } = part;
  return [
    `${wrap(nodes.map(escapeControls).join(", "), "on ", "   ")}\n`,
    graph === undefined || ports.length === 0 ? "" : `\n${rendering.strong("Desired state")}\n`,
    ...ports.map((port) => renderPort(port, rendering)),
    graph === undefined ? "" : `\n${rendering.strong("Chains of the dump")}\n${renderTree(graph)}`,
    renderOmissions(omissions, rendering, new Set(ports.map(({ family }) => family)).size > 1),
    renderGenerated(lines, rendering),
    renderLines(missing, "Missing in the dump, but required by the state", rendering),
  ].join("");
}

function renderGenerated(lines: NodePart["lines"], rendering: Rendering): string {
  if (lines.length === 0) return "\nNo rules are generated for it.\n";
  const title = `Generated rules (${lines.length})`;
  if (rendering.listsRules) return renderLines(lines, title, rendering);
  // Of a dump that is compared with a state: what the state does not ask for is a result.
  const isTraced = lines.some(({ cause }) => cause !== undefined);
  const strange = isTraced ? lines.filter(({ cause }) => cause === undefined) : [];
  return `\n${title}: --rules lists them\n${renderLines(strange, "Not required by the state", rendering)}`;
}

/** A summary of a service port: its addresses, how it handles traffic, and the load distribution. */
export function renderPort(port: PortPicture, { strong }: Rendering): string {
  const title = `${strong(escapeControls(port.name))}, ${port.protocol.toUpperCase()}, ${familyNames[port.family]}\n`;
  const rows: [string, string][] = port.addresses.map(({ kind, address, note }) => [
    kind,
    note === undefined ? address : `${address}, ${note}`,
  ]);
  rows.push(["in-cluster traffic", port.internal]);
  if (port.external !== undefined) rows.push(["external traffic", port.external]);
  if (port.affinitySeconds !== undefined) {
    rows.push(["session affinity", `${port.affinitySeconds} s per client`]);
  }
  const margin = " ".repeat(22);
  const lines = rows.map(([name, value]) => `${wrap(value, `  ${name.padEnd(20)}`, margin)}\n`);
  return `\n${title}${lines.join("")}${renderEndpoints(port)}`;
}

function renderEndpoints({ endpoints, external }: PortPicture): string {
  if (endpoints.length === 0) return "";
  const width = Math.max(16, ...endpoints.map(({ target }) => target.length));
  const wheres = endpoints.map(whereOf);
  const nodeWidth = Math.max(12, ...wheres.map((where) => Math.min(30, where.length)));
  const columns = ["in-cluster", ...(external === undefined ? [] : ["external"])]
    .map((name) => name.padStart(12))
    .join("");
  const rows = endpoints.map((endpoint, at) => {
    const shares = [endpoint.internal, ...(external === undefined ? [] : [endpoint.external])].map(printShare).join("");
    return `    ${endpoint.target.padEnd(width)}  ${(wheres[at] ?? "").padEnd(nodeWidth)}${shares}\n`;
  });
  return `  ${"endpoints".padEnd(width + 2)}  ${" ".repeat(nodeWidth)}${columns}\n${rows.join("")}`;
}

function whereOf({ isLocal, node }: PicturedEndpoint): string {
  if (isLocal) return "on this node";
  return node === undefined ? "no nodeName" : escapeControls(`on ${node}`);
}

function printShare(share: Share | undefined): string {
  return (share === undefined ? "-" : printPart(share.part)).padStart(12);
}

/** `-o text` of Nodes. */
export function renderNode({ node, facts, omissions, lines }: NodeExplanation, rendering: Rendering): string {
  const width = Math.max(...facts.map(({ what }) => what.length)) + 2;
  const margin = " ".repeat(width + 2);
  const rows = facts.map(({ what, value }) => `${wrap(escapeControls(value), `  ${what.padEnd(width)}`, margin)}\n`);
  return [
    `${rendering.strong(escapeControls(`Node ${node}`))}\n`,
    ...rows,
    `  ${"lines".padEnd(width)}${lines.total}, ${lines.always} of them independent of Services\n`,
    renderOmissions(omissions, rendering),
  ].join("");
}
