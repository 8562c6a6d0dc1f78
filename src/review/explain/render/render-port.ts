import { escapeControls } from "../../../diagnostics/printable.ts";
import { familyNames } from "../../../model/address.ts";
import type { PicturedEndpoint, PortPicture } from "../service/port-picture.ts";
import { describePart, type Share } from "../share.ts";
import type { Rendering } from "./source.ts";
import { wrap } from "./wrap.ts";

/** A service port at a glance: where it answers, what it does with traffic, and its endpoints with their shares. */
export function renderPort(port: PortPicture, { strong }: Rendering): string {
  const title = `${strong(escapeControls(port.name))}, ${port.protocol.toUpperCase()}, ${familyNames[port.family]}\n`;
  const rows: [string, string][] = port.addresses.map(({ kind, address, note }) => [
    kind,
    note === undefined ? address : `${address}, ${note}`,
  ]);
  rows.push(["inside", port.inside]);
  if (port.outside !== undefined) rows.push(["outside", port.outside]);
  if (port.affinitySeconds !== undefined) {
    rows.push(["affinity", `a client keeps its endpoint for ${port.affinitySeconds} s`]);
  }
  const margin = " ".repeat(20);
  const lines = rows.map(([name, value]) => `${wrap(value, `  ${name.padEnd(18)}`, margin)}\n`);
  return `\n${title}${lines.join("")}${renderEndpoints(port)}`;
}

function renderEndpoints({ endpoints, outside }: PortPicture): string {
  if (endpoints.length === 0) return "";
  const width = Math.max(16, ...endpoints.map(({ target }) => target.length));
  const wheres = endpoints.map(whereOf);
  const nodeWidth = Math.max(12, ...wheres.map((where) => Math.min(30, where.length)));
  const columns = ["inside", ...(outside === undefined ? [] : ["outside"])].map((name) => name.padStart(9)).join("");
  const rows = endpoints.map((endpoint, at) => {
    const shares = [endpoint.inside, ...(outside === undefined ? [] : [endpoint.outside])].map(printShare).join("");
    return `    ${endpoint.target.padEnd(width)}  ${(wheres[at] ?? "").padEnd(nodeWidth)}${shares}\n`;
  });
  return `  ${"endpoints".padEnd(width + 2)}  ${" ".repeat(nodeWidth)}${columns}\n${rows.join("")}`;
}

function whereOf({ isLocal, node }: PicturedEndpoint): string {
  if (isLocal) return "on this node";
  return node === undefined ? "on no node" : escapeControls(`on ${node}`);
}

function printShare(share: Share | undefined): string {
  return (share === undefined ? "-" : describePart(share.part)).padStart(9);
}
